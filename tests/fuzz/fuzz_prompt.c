/* Fuzz target: the processing of a prompt. The result is never empty or longer, keeps all error lines of logs and all
 * code, and fits its budget. */
#include "tests/fuzz/fuzz.h"
#include "cli/run/classify.h"
#include "cli/run/clean.h"
#include "cli/run/spans.h"

#include <stdlib.h>
#include <string.h>

#define MUCH (1u << 20)

const char *const fuzz_seeds[] = {
    "Fix this, l'\xc3\xa9tape n\xc2\xb0 2:\n```python\ndef f(a):\n    return a < 3\n```\n~~~\nx\n~~~\n",
    "Why?\n2026-01-01 10:00:01 INFO request 1 took 20 ms\n2026-01-01 10:00:02 INFO request 2 took 21 ms\n"
    "2026-01-01 10:00:03 INFO request 3 took 22 ms\n2026-01-01 10:00:04 ERROR request 4: refused\n\tat f(x.java:12)\n"
    "2026-01-01 10:00:05 DEBUG the pool has 3 free places of 12, queue 0\n2026-01-01 10:00:06 INFO request 5 took 23 ms\n",
    "```\n\x1b[31mnpm http fetch GET 200 a 3ms\x1b[0m\nnpm ERR! code 1\ntransforming (1)\rtransforming (2)\n"
    "npm WARN x\nnpm http 2\n```\n",
    "The same line of text\nThe same line of text\nThe same line of text\nThe same line of text\n"
    "\n\n\n\n\ndata:image/png;base64,AAAA\n",
    "\x1b[31m\x1b[0m\n",
    NULL,
};

static void must(bool truth)
{
    if (!truth)
        abort();
}

static bool is_visible(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!strchr(" \t\r\n", s.ptr[i]))
            return true;
    return false;
}

static bool holds(struct slice text, struct slice part)
{
    return !part.len || memmem(text.ptr, text.len, part.ptr, part.len);
}

/* The spans make up the text; the result contains the code and each error line of the logs. */
static void check_spans(struct slice prompt, struct slice result)
{
    struct slice rest = prompt, line;
    struct span span;
    struct buf plain;
    size_t sum = 0;
    buf_init(&plain, MUCH);
    while (span_next(&rest, &span)) {
        must(span.text.ptr == prompt.ptr + sum && span.text.len > 0);
        sum += span.text.len;
        must(span.kind != SPAN_CODE || holds(result, span.text));
        for (struct slice lines = span.text; span.kind == SPAN_LOG && line_next(&lines, &line);) {
            line_plain(line, &plain);
            must(!log_line_look(buf_slice(&plain)).trouble || holds(result, buf_slice(&plain)) ||
                 holds(result, line_body(line)));
        }
    }
    must(sum == prompt.len);
    buf_free(&plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice prompt = {(const char *)data, size};
    struct classified task;
    struct cleaned what;
    struct buf cleaned, cut;
    size_t tokens = estimate_tokens(prompt), went;
    buf_init(&cleaned, MUCH);
    buf_init(&cut, MUCH);
    classify(prompt, tokens, &task);
    must(task.class < TASK_CLASSES);
    must(clean(prompt, &cleaned, &what));
    must(cleaned.len <= size && is_visible(buf_slice(&cleaned)) == is_visible(prompt));
    check_spans(prompt, buf_slice(&cleaned));
    size_t budget = 50 + size % 400;
    must(truncate_prompt(prompt, budget, &cut, &went));
    must(estimate_tokens(buf_slice(&cut)) <= budget && (went == 0) == (tokens <= budget));
    buf_free(&cleaned);
    buf_free(&cut);
    return 0;
}
