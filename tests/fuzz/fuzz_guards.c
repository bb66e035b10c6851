/* Fuzz target: the guards of two questions, which a line break separates. They are symmetric, a text equals itself, and
 * texts without a difference have the same words: with one word more they have a difference. */
#include "tests/fuzz/fuzz.h"
#include "proxy/cache/guards.h"

#include <stdlib.h>
#include <string.h>

const char *const fuzz_seeds[] = {
    "Rename a_b to c_d in src/http.c\nRename c_d to a_b in src/http.c",
    "Is x != 3 - y, or (a < b)?\nWhat if !x, isn't it -3?",
    "Replace all tabs with spaces\nreplace ALL spaces with tabs -- please...",
    "d\xc3\xa9j\xc3\xa0 vu 'quoted' $HOME @me #1\nnone",
    NULL,
};

static void must(bool truth)
{
    if (!truth)
        abort();
}

static int compare(struct slice a, struct slice b, uint64_t words[GUARDS_DIFFERENCE_MAX])
{
    uint64_t other[GUARDS_DIFFERENCE_MAX];
    int count = guards_difference(a, b, words);
    must(count >= -1 && count <= GUARDS_DIFFERENCE_MAX && guards_difference(b, a, other) == count);
    must(guards_equal(a, b) == guards_equal(b, a));
    for (int i = 0; i < count; i++)
        for (int k = 0; k < i; k++)
            must(words[i] != words[k]);
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t words[GUARDS_DIFFERENCE_MAX];
    const char *text = (const char *)data, *line = size ? memchr(text, '\n', size) : NULL;
    size_t len = line ? (size_t)(line - text) : size;
    struct slice a = {text, len}, b = {text + len + (line != NULL), size - len - (line != NULL)};
    struct buf more;
    int own = compare(a, a, words);
    must(guards_equal(a, a) && own <= 0);
    (void)compare(a, b, words);
    buf_init(&more, SIZE_MAX - 1);
    if (own == 0 && buf_add_slice(&more, a) && BUF_ADD(&more, " zyxwvutsrqponmlkjihg")) {
        int count = compare(a, buf_slice(&more), words);
        must(count == 1 || count == -1);
    }
    buf_free(&more);
    return 0;
}
