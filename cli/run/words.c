/* Folds a text into its words, and finds terms among them. */
#include "cli/run/words.h"

#include "common/json.h"

#include <string.h>

#define GAP_WORDS 3u

/* U+00C0 to U+017F without their accents; "" for what is no letter. */
static const char *const LATIN[] = {
    "a", "a", "a",  "a",  "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i",  "i",  /* À */
    "d", "n", "o",  "o",  "o", "o", "o",  "",  "o", "u", "u", "u", "u", "y", "th", "ss", /* Ð */
    "a", "a", "a",  "a",  "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i",  "i",  /* à */
    "d", "n", "o",  "o",  "o", "o", "o",  "",  "o", "u", "u", "u", "u", "y", "th", "y",  /* ð */
    "a", "a", "a",  "a",  "a", "a", "c",  "c", "c", "c", "c", "c", "c", "c", "d",  "d",  /* Ā */
    "d", "d", "e",  "e",  "e", "e", "e",  "e", "e", "e", "e", "e", "g", "g", "g",  "g",  /* Đ */
    "g", "g", "g",  "g",  "h", "h", "h",  "h", "i", "i", "i", "i", "i", "i", "i",  "i",  /* Ġ */
    "i", "i", "ij", "ij", "j", "j", "k",  "k", "k", "l", "l", "l", "l", "l", "l",  "l",  /* İ */
    "l", "l", "l",  "n",  "n", "n", "n",  "n", "n", "n", "n", "n", "o", "o", "o",  "o",  /* ŀ */
    "o", "o", "oe", "oe", "r", "r", "r",  "r", "r", "r", "s", "s", "s", "s", "s",  "s",  /* Ő */
    "s", "s", "t",  "t",  "t", "t", "t",  "t", "u", "u", "u", "u", "u", "u", "u",  "u",  /* Š */
    "u", "u", "u",  "u",  "w", "w", "y",  "y", "y", "z", "z", "z", "z", "z", "z",  "s",  /* Ű */
};

_Static_assert(sizeof LATIN / sizeof *LATIN == 0x180 - 0xc0, "one for each of U+00C0 to U+017F");

static uint32_t code_point(const unsigned char *s, size_t len)
{
    static const unsigned char MASK[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t c = s[0] & MASK[len];
    for (size_t i = 1; i < len; i++)
        c = c << 6 | (s[i] & 0x3f);
    return c;
}

/* What is no letter though it is above ASCII: Latin-1's signs, spaces, general and CJK punctuation, signs, emoji,
 * fullwidth punctuation. */
static bool is_separator(uint32_t c)
{
    return c < 0xc0 || (c >= 0x2000 && c < 0x2c00) || (c >= 0x3000 && c < 0x3020) || (c >= 0xfe00 && c < 0xff10) ||
           c >= 0x1f000;
}

/* The character as it stands in a word: "" ends the word, NULL leaves it out. `plain` has room for 5 bytes. */
static const char *fold(const char *s, size_t len, char *plain)
{
    unsigned char first = (unsigned char)*s;
    memcpy(plain, s, len);
    plain[len] = '\0';
    if (len == 1) {
        if (first >= 'A' && first <= 'Z')
            plain[0] = (char)(first - 'A' + 'a');
        bool part = (plain[0] >= 'a' && plain[0] <= 'z') || (first >= '0' && first <= '9') || first == '_';
        return part ? plain : "";
    }
    uint32_t c = code_point((const unsigned char *)s, len);
    if (c >= 0xc0 && c < 0x180)
        return LATIN[c - 0xc0];
    if (c >= 0x300 && c < 0x370)
        return NULL;
    return is_separator(c) ? "" : plain;
}

static void end_word(struct buf *out)
{
    if (out->len && out->data[out->len - 1] != ' ')
        buf_add_char(out, ' ');
}

bool words_add(struct slice text, struct buf *out)
{
    if (!out->len)
        BUF_ADD(out, " ");
    size_t whole = out->len;
    for (size_t at = 0; at < text.len;) {
        char plain[5];
        size_t len = json_utf8_length((struct slice){text.ptr + at, text.len - at});
        const char *part = len ? fold(text.ptr + at, len, plain) : "";
        if (part && *part)
            buf_add_text(out, part);
        else if (part)
            end_word(out);
        if (out->failed)
            break;
        if (part && !*part)
            whole = out->len;
        at += len ? len : 1;
    }
    end_word(out);
    if (out->failed)
        out->len = whole;
    return !out->failed;
}

/* Where the `len` bytes of `term` stand as whole words in the words from `at` on; words.len when nowhere. */
static size_t find_words(struct slice words, size_t at, const char *term, size_t len)
{
    while (at < words.len) {
        const char *hit = memmem(words.ptr + at, words.len - at, term, len);
        if (!hit)
            break;
        size_t start = (size_t)(hit - words.ptr);
        if (start > 0 && words.ptr[start - 1] == ' ' && start + len < words.len && words.ptr[start + len] == ' ')
            return start;
        at = start + 1;
    }
    return words.len;
}

/* The end of the stretch that a "~" may pass over from `at` (a word's first byte) on, and the word behind it. */
static size_t gap_end(struct slice words, size_t at, size_t term_len)
{
    for (unsigned i = 0; i < GAP_WORDS && at < words.len; i++) {
        const char *blank = memchr(words.ptr + at, ' ', words.len - at);
        at = blank ? (size_t)(blank - words.ptr) + 1 : words.len;
    }
    return at + term_len + 1 < words.len ? at + term_len + 1 : words.len;
}

bool words_have(struct slice words, const char *term)
{
    const char *gap = strstr(term, " ~ ");
    size_t len = gap ? (size_t)(gap - term) : strlen(term);
    for (size_t at = 0; (at = find_words(words, at, term, len)) < words.len; at++) {
        if (!gap)
            return true;
        const char *rest = gap + 3;
        size_t behind = at + len + 1, rest_len = strlen(rest);
        struct slice near = {words.ptr, gap_end(words, behind, rest_len)};
        if (find_words(near, behind, rest, rest_len) < near.len)
            return true;
    }
    return false;
}

size_t words_characters(struct slice text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
    return count;
}
