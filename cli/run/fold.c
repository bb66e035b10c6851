/* Folds a text to words, and finds terms in them. */
#include "cli/run/fold.h"

#include <string.h>
#include <utf8proc.h>

#define GAP_WORDS 3u /* most words that "~" matches */

/* Decompose, fold case, strip marks and ignorable characters. */
#define FOLDING (UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_STRIPMARK | UTF8PROC_IGNORE)
#define FOLDED_MAX 32 /* most code points that one becomes; U+FDFA becomes 18 */

/* Appends the character if it belongs to a word; else ends the word. */
static void add_character(utf8proc_int32_t c, struct buf *out)
{
    char bytes[4];
    utf8proc_category_t kind = utf8proc_category(c);
    bool letter = kind >= UTF8PROC_CATEGORY_LU && kind <= UTF8PROC_CATEGORY_LO;
    bool digit = kind >= UTF8PROC_CATEGORY_ND && kind <= UTF8PROC_CATEGORY_NO;
    if (letter || digit || c == '_')
        buf_add(out, bytes, (size_t)utf8proc_encode_char(c, (utf8proc_uint8_t *)bytes));
    else if (out->len && out->data[out->len - 1] != ' ')
        buf_add_char(out, ' ');
}

static void add_folded(utf8proc_int32_t c, struct buf *out)
{
    utf8proc_int32_t folded[FOLDED_MAX];
    int class = UTF8PROC_BOUNDCLASS_START;
    utf8proc_ssize_t count = utf8proc_decompose_char(c, folded, FOLDED_MAX, FOLDING, &class);
    for (utf8proc_ssize_t i = 0; i < count && i < FOLDED_MAX; i++)
        add_character(folded[i], out);
}

bool fold_add(struct slice text, struct buf *out)
{
    if (!out->len)
        BUF_ADD(out, " ");
    for (size_t at = 0; at < text.len && !out->failed;) {
        utf8proc_int32_t c;
        utf8proc_ssize_t len =
            utf8proc_iterate((const utf8proc_uint8_t *)text.ptr + at, (utf8proc_ssize_t)(text.len - at), &c);
        if (len > 0)
            add_folded(c, out);
        else
            add_character(' ', out); /* an invalid byte */
        at += len > 0 ? (size_t)len : 1;
    }
    if (!out->failed)
        add_character(' ', out);
    while (out->failed && out->len && out->data[out->len - 1] != ' ')
        out->len--; /* drop the incomplete word */
    return !out->failed;
}

/* The offset of `term` (`len` bytes) as whole words, at or after `at`; words.len: not found. */
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

/* The end of the text in which the word after a "~" may be: from `at`, the start of a word. */
static size_t gap_end(struct slice words, size_t at, size_t term_len)
{
    for (unsigned i = 0; i < GAP_WORDS && at < words.len; i++) {
        const char *blank = memchr(words.ptr + at, ' ', words.len - at);
        at = blank ? (size_t)(blank - words.ptr) + 1 : words.len;
    }
    return at + term_len + 1 < words.len ? at + term_len + 1 : words.len;
}

bool fold_contains(struct slice words, const char *term)
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

size_t fold_characters(struct slice text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
    return count;
}
