/* pure: numbers, names and negations of a question. */
#include "proxy/cache/guards.h"

#include <ctype.h>

/* Words that turn a sentence around. */
static const char *const NEGATIONS[] = {"not", "no", "never", "none", "without", "nothing", "neither", "nor", "cannot"};

/* Bytes of a word: names of files, functions, versions and addresses are one word. */
static bool is_word(char c)
{
    unsigned char u = (unsigned char)c;
    return isalnum(u) || u >= 0x80 || strchr("_./-'\\@#+$", c);
}

/* The next word; empty: none. Punctuation at its end is not part of it. */
static struct slice next_word(struct slice *text)
{
    while (text->len && !(is_word(*text->ptr) && *text->ptr)) {
        text->ptr++;
        text->len--;
    }
    struct slice word = {text->ptr, 0};
    while (text->len && *text->ptr && is_word(*text->ptr)) {
        text->ptr++;
        text->len--;
        word.len++;
    }
    while (word.len && strchr(".'-", word.ptr[word.len - 1]))
        word.len--;
    return word;
}

static bool is_negation(struct slice word)
{
    for (size_t i = 0; i < sizeof NEGATIONS / sizeof *NEGATIONS; i++)
        if (slice_is_nocase(word, NEGATIONS[i]))
            return true;
    return word.len > 3 && slice_is_nocase((struct slice){word.ptr + word.len - 3, 3}, "n't");
}

/* A number, or a name: with a digit or a sign in it, or a capital behind its first letter. */
static bool is_literal(struct slice word)
{
    for (size_t i = 0; i < word.len; i++)
        if (isdigit((unsigned char)word.ptr[i]) || (unsigned char)word.ptr[i] >= 0x80 ||
            (i && isupper((unsigned char)word.ptr[i])) || strchr("_./\\@#+$", word.ptr[i]))
            return true;
    return false;
}

static struct slice next_guard(struct slice *text)
{
    struct slice word;
    do
        word = next_word(text);
    while ((word.len || text->len) && !is_negation(word) && !is_literal(word));
    return word;
}

bool guards_equal(struct slice a, struct slice b)
{
    struct slice x, y;
    do {
        x = next_guard(&a);
        y = next_guard(&b);
        if (!slice_equal(x, y) && !(is_negation(x) && is_negation(y)))
            return false;
    } while (x.len);
    return true;
}
