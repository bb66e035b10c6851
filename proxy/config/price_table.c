/* pure: except for reading its file. The table of known prices: opens, checks and searches it. */
#include "proxy/config/price_table.h"

#include "common/data_file.h"
#include "common/file.h"
#include "common/paths.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define MARK "# pointsman prices "
#define FORMAT "1"

char *price_table_own_path(void)
{
    char *home = paths_codex_home(), *path = home ? paths_join(home, "logs/" PRICE_TABLE_FILE) : NULL;
    free(home);
    return path;
}

char *price_table_path(void)
{
    char *own = price_table_own_path();
    if (own && access(own, F_OK) == 0)
        return own;
    free(own);
    return data_file(PRICE_TABLE_FILE);
}

/* Takes the part up to `end` off `rest`; all of it if there is no `end`. */
static struct slice take(struct slice *rest, char end)
{
    const char *at = rest->len ? memchr(rest->ptr, end, rest->len) : NULL;
    struct slice part = {rest->ptr, at ? (size_t)(at - rest->ptr) : rest->len};
    size_t used = part.len + (at != NULL);
    rest->ptr += used;
    rest->len -= used;
    return part;
}

static bool read_header(struct price_table *t, struct slice text, struct buf *error)
{
    if (!slice_starts(text, MARK)) {
        BUF_ADD(error, "not a table of prices: its first line is not \"" MARK FORMAT "\"");
        return false;
    }
    t->rows = text;
    struct slice line = take(&t->rows, '\n');
    line.ptr += sizeof MARK - 1;
    line.len -= sizeof MARK - 1;
    struct slice version = take(&line, '\t');
    t->date = take(&line, '\t');
    t->source = take(&line, '\t');
    t->count = 0;
    for (size_t i = 0; i < line.len && i < 7 && line.ptr[i] >= '0' && line.ptr[i] <= '9'; i++)
        t->count = 10 * t->count + (unsigned)(line.ptr[i] - '0');
    if (slice_is(version, FORMAT) && t->date.len == 10 && t->source.len && t->source.len <= 80 && t->count &&
        t->count <= PRICE_TABLE_ROWS_MAX)
        return true;
    BUF_ADD(error, "not a table of prices of this version: damaged, or made by a newer pointsman");
    return false;
}

bool price_table_of(struct price_table *t, struct slice text, struct buf *error)
{
    *t = (struct price_table){0};
    buf_init(&t->text, 0);
    return read_header(t, text, error);
}

bool price_table_open(struct price_table *t, const char *path, struct buf *error)
{
    struct buf why;
    *t = (struct price_table){.path = strdup(path)};
    buf_init(&t->text, PRICE_TABLE_MAX + 1);
    buf_init(&why, 512);
    bool ok = t->path && file_read(AT_FDCWD, path, 0, PRICE_TABLE_MAX, &t->text);
    t->no_memory = !t->path || (t->text.failed && !t->text.full);
    if (!ok)
        buf_add_format(error, "%s: can't read it: %s", path, t->path ? file_reason(errno) : "out of memory");
    else if (!(ok = read_header(t, buf_slice(&t->text), &why)))
        buf_add_format(error, "%s: %s", path, buf_message(&why));
    buf_free(&why);
    return ok;
}

void price_table_close(struct price_table *t)
{
    free(t->path);
    buf_free(&t->text);
    *t = (struct price_table){0};
}

static unsigned char fold(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

int price_key_compare(struct slice a, struct slice b)
{
    for (size_t i = 0; i < a.len && i < b.len; i++)
        if (fold(a.ptr[i]) != fold(b.ptr[i]))
            return fold(a.ptr[i]) < fold(b.ptr[i]) ? -1 : 1;
    return a.len < b.len ? -1 : a.len > b.len;
}

bool price_table_find(struct price_table *t, struct slice key, struct price_row *row)
{
    size_t low = 0, high = t->rows.len; /* offsets of lines */
    while (low < high) {
        size_t at = low + (high - low) / 2;
        while (at > low && t->rows.ptr[at - 1] != '\n')
            at--;
        struct slice rest = {t->rows.ptr + at, high - at}, line = take(&rest, '\n'), fields = line;
        int order = price_key_compare(key, take(&fields, '\t'));
        if (order == 0) {
            bool read = price_row_read(line, row);
            t->damaged = t->damaged || !read;
            return read;
        }
        if (order < 0)
            high = at;
        else
            low = at + line.len + 1;
    }
    return false;
}

bool price_table_check(struct price_table *t, struct buf *error)
{
    struct slice rest = t->rows, before = {0};
    struct price_row row;
    unsigned count = 0;
    if (!rest.len || rest.ptr[rest.len - 1] != '\n') {
        BUF_ADD(error, "truncated: the last line has no end");
        return false;
    }
    for (; rest.len; count++) {
        struct slice line = take(&rest, '\n');
        if (!price_row_read(line, &row)) {
            buf_add_format(error, "line %u: not a row of prices", count + 2);
            return false;
        }
        if (count && price_key_compare(before, row.key) >= 0) {
            buf_add_format(error, "line %u: out of order, or twice: %.*s", count + 2, SLICE_ARGS(row.key));
            return false;
        }
        before = row.key;
    }
    if (count != t->count)
        buf_add_format(error, "truncated or changed: %u rows, the first line says %u", count, t->count);
    return count == t->count;
}
