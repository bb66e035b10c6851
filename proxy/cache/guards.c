/* pure: numbers, names and negations of a question, and the words in which two of them differ. */
#include "proxy/cache/guards.h"

#include "common/fast_hash.h"

#include <ctype.h>

#define SIGNS                                                                                               \
    "_./\\@#+$<>=*%&|^~!(){}[]" /* they make a word a name, or are operators: "<" and ">" must not be equal \
                                 */

/* Words that turn a sentence around. */
static const char *const NEGATIONS[] = {"not", "no", "never", "none", "without", "nothing", "neither", "nor", "cannot"};

/* Bytes of a word: names of files, functions, versions and addresses are one word, and so is an expression. */
static bool is_word(char c)
{
    unsigned char u = (unsigned char)c;
    return c && (isalnum(u) || u >= 0x80 || strchr("-'" SIGNS, c));
}

/* The next word, which may be empty; no text is left: the last. Punctuation at its end is not part of it. */
static struct slice next_word(struct slice *text)
{
    while (text->len && !is_word(*text->ptr)) {
        text->ptr++;
        text->len--;
    }
    struct slice word = {text->ptr, 0};
    while (text->len && is_word(*text->ptr)) {
        text->ptr++;
        text->len--;
        word.len++;
    }
    while (word.len && strchr(".'!-", word.ptr[word.len - 1]) && !slice_is(word, "-"))
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

/* A number, an operator, or a name: with a digit or a sign in it, or a capital behind its first letter. */
static bool is_literal(struct slice word)
{
    if (slice_is(word, "-"))
        return true;
    for (size_t i = 0; i < word.len; i++)
        if (isdigit((unsigned char)word.ptr[i]) || (unsigned char)word.ptr[i] >= 0x80 ||
            (i && isupper((unsigned char)word.ptr[i])) || strchr(SIGNS, word.ptr[i]))
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

struct words {
    uint64_t hashes[GUARDS_WORDS_MAX];
    unsigned count;
};

/* false: too many. */
static bool read_words(struct slice text, struct words *w)
{
    w->count = 0;
    while (text.len) {
        struct slice word = next_word(&text);
        uint64_t hash = FAST_HASH_START;
        for (size_t i = 0; i < word.len; i++)
            hash = fast_hash_byte(hash, (char)tolower((unsigned char)word.ptr[i]));
        if (word.len && w->count == GUARDS_WORDS_MAX)
            return false;
        if (word.len)
            w->hashes[w->count++] = hash;
    }
    return true;
}

static bool has(const uint64_t *hashes, unsigned count, uint64_t hash)
{
    for (unsigned i = 0; i < count; i++)
        if (hashes[i] == hash)
            return true;
    return false;
}

/* Moves the words of `w` that `other` lacks to `words`. false: too many. */
static bool take_difference(const struct words *w, const struct words *other, struct words *common, uint64_t *words,
                            unsigned *count)
{
    common->count = 0;
    for (unsigned i = 0; i < w->count; i++) {
        uint64_t hash = w->hashes[i];
        if (has(other->hashes, other->count, hash)) {
            common->hashes[common->count++] = hash;
        } else if (!has(words, *count, hash)) {
            if (*count == GUARDS_DIFFERENCE_MAX)
                return false;
            words[(*count)++] = hash;
        }
    }
    return true;
}

int guards_difference(struct slice a, struct slice b, uint64_t words[GUARDS_DIFFERENCE_MAX])
{
    struct words of_a, of_b, common_a, common_b;
    unsigned count = 0;
    if (!read_words(a, &of_a) || !read_words(b, &of_b) || !take_difference(&of_a, &of_b, &common_a, words, &count) ||
        !take_difference(&of_b, &of_a, &common_b, words, &count) || common_a.count != common_b.count ||
        memcmp(common_a.hashes, common_b.hashes, common_a.count * sizeof *common_a.hashes) != 0)
        return -1;
    return (int)count;
}
