/* Estimates how complex a prompt's task is and which kind of model fits. */
#include "cli/run/classify.h"

#include "cli/run/spans.h"
#include "cli/run/fold.h"

#include <stdio.h>
#include <string.h>

#define WORDS_MAX (256u << 10) /* bytes of words to examine; the request comes before that */

/* Copies the first term of the row that occurs in the words. false: none. */
static bool row_matches(const struct term *row, struct slice words, char *found, size_t size)
{
    for (const char *at = row->words; *at;) {
        char term[64];
        size_t len = strcspn(at, "|");
        (void)snprintf(term, sizeof term, "%.*s", (int)len, at);
        if (fold_contains(words, term)) {
            (void)snprintf(found, size, "%s", term);
            return true;
        }
        at += len + (at[len] == '|');
    }
    return false;
}

static bool looks_like_code(struct slice text)
{
    static const char *const MARKS[] = {"def ",   "return ",   "()",      "{",       "}",     ";\n",      "=",
                                        "==",     "=>",        "->",      "</",      "/>",    "#include", "import ",
                                        "const ", "function ", "select ", "SELECT ", "print("};
    unsigned found = 0;
    for (size_t i = 0; i < sizeof MARKS / sizeof *MARKS; i++)
        found += memmem(text.ptr, text.len, MARKS[i], strlen(MARKS[i])) != NULL;
    return found >= 2;
}

/* Collects the words of the prompt's prose. *code: it contains code; adds the bytes of its logs. */
static void read_spans(struct slice prompt, struct buf *words, bool *code, size_t *log_bytes)
{
    struct slice rest = prompt;
    struct span span;
    bool full = false;
    while (span_next(&rest, &span)) {
        *code = *code || span.kind == SPAN_CODE || (span.kind == SPAN_PROSE && looks_like_code(span.text));
        if (span.kind == SPAN_LOG)
            *log_bytes += span.text.len;
        if (span.kind == SPAN_PROSE && !full)
            full = !fold_add(span.text, words);
    }
}

static enum task_class class_of(const struct classified *c, size_t tokens)
{
    if (c->because[SIGNAL_COMPLEX][0])
        return TASK_COMPLEX;
    bool simple = c->because[SIGNAL_SIMPLE][0] && !c->because[SIGNAL_MEDIUM][0] && tokens <= CLASSIFY_BIG_TOKENS;
    return simple ? TASK_SIMPLE : TASK_MEDIUM;
}

void classify(struct slice prompt, size_t tokens, struct classified *out)
{
    struct buf words;
    bool code = false, big = tokens > CLASSIFY_BIG_TOKENS;
    size_t log_bytes = 0;
    *out = (struct classified){0};
    buf_init(&words, WORDS_MAX);
    read_spans(prompt, &words, &code, &log_bytes);
    for (const struct term *row = classify_terms; row->words; row++)
        if (!out->because[row->signal][0])
            (void)row_matches(row, buf_slice(&words), out->because[row->signal], sizeof out->because[0]);
    buf_free(&words);

    bool mostly_log = big && log_bytes > prompt.len / 2;
    if (mostly_log && !out->because[SIGNAL_LONG][0])
        (void)snprintf(out->because[SIGNAL_LONG], sizeof out->because[0], "a log of %zu KB", (log_bytes + 1023) / 1024);
    if (big && !out->because[SIGNAL_LONG][0])
        memcpy(out->because[SIGNAL_LONG], out->because[SIGNAL_LONG_IF_BIG], sizeof out->because[0]);
    out->class = class_of(out, tokens);
    out->is_long = out->because[SIGNAL_LONG][0];
    out->is_open = out->because[SIGNAL_OPEN][0];
    bool small = tokens <= CLASSIFY_SNIPPET_TOKENS && out->class != TASK_COMPLEX;
    bool exact = strstr(out->because[SIGNAL_SNIPPET], "exact") != NULL;
    out->is_local = out->because[SIGNAL_LOCAL][0] || (small && out->because[SIGNAL_SNIPPET][0] && (code || exact));
}

const char *task_class_name(enum task_class class)
{
    static const char *const NAMES[TASK_CLASSES] = {"simple", "medium", "complex"};
    return NAMES[class];
}
