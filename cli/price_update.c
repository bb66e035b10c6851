/* Takes another table of known models. */
#include "cli/price_update.h"

#include "cli/price_list.h"
#include "common/file.h"
#include "common/paths.h"
#include "common/replace.h"
#include "proxy/config/price_table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Reads the file, and the day on which it was last changed, "2026-11-30". */
static bool read_input(const char *file, struct buf *text, char date[11], struct buf *error)
{
    struct stat st;
    struct tm day;
    int fd = file_open(AT_FDCWD, file, 0);
    bool ok = fd >= 0 && fstat(fd, &st) == 0 && file_read_open(fd, PRICE_LIST_MAX, text);
    if (!ok)
        buf_add_format(error, "can't read it: %s", errno == EFBIG ? "larger than 16 MB" : file_reason(errno));
    else if (!gmtime_r(&st.st_mtime, &day) || strftime(date, 11, "%Y-%m-%d", &day) != 10)
        (void)snprintf(date, 11, "1970-01-01");
    if (fd >= 0)
        close(fd);
    return ok;
}

/* Makes the table, and checks it as a whole. */
static bool make_table(struct slice text, const char *date, const char *source, struct buf *table, struct buf *error)
{
    struct price_table t;
    if (slice_starts(text, "# pointsman")) {
        if (text.len > PRICE_TABLE_MAX || !buf_add_slice(table, text)) {
            BUF_ADD(error, "larger than 4 MB");
            return false;
        }
    } else if (!price_list_read(text, slice_of(date), slice_of(source ? source : "LiteLLM's list"), table, error)) {
        return false;
    }
    bool ok = price_table_of(&t, buf_slice(table), error) && price_table_check(&t, error);
    price_table_close(&t);
    return ok;
}

static bool write_table(const char *path, struct slice table, struct buf *error)
{
    char suffix[32]; /* of this process: two updates at once must not write to one file */
    mode_t mode = umask(077);
    (void)umask(mode);
    (void)snprintf(suffix, sizeof suffix, ".%ld.new", (long)getpid());
    if (replace_file(path, suffix, &(struct replace_owner){0666 & ~mode, geteuid(), getegid()}, table))
        return true;
    buf_add_format(error, "%s: can't write it: %s", path, strerror(errno));
    return false;
}

static void describe(const char *path, struct slice table, struct buf *done)
{
    struct price_table t;
    struct buf none;
    buf_init(&none, 256);
    if (price_table_of(&t, table, &none))
        buf_add_format(done, "%s: %u models, %.*s, %.*s", path, t.count, SLICE_ARGS(t.source), SLICE_ARGS(t.date));
    price_table_close(&t);
    buf_free(&none);
}

static bool is_source(const char *source)
{
    size_t len = strlen(source);
    for (size_t i = 0; i < len; i++)
        if (source[i] < ' ' || source[i] > '~')
            return false;
    return len > 0 && len <= 80;
}

bool price_update(const char *file, const char *output, const char *source, struct buf *done, struct buf *error)
{
    struct buf text, table, why;
    char date[11], *path = NULL;
    if (source && !is_source(source)) {
        BUF_ADD(error, "--source: expected 1 to 80 printable characters");
        return false;
    }
    buf_init(&text, PRICE_LIST_MAX + 1);
    buf_init(&table, PRICE_TABLE_MAX);
    buf_init(&why, 1024);
    bool ok = read_input(file, &text, date, &why) && make_table(buf_slice(&text), date, source, &table, &why);
    if (!ok)
        buf_add_format(error, "%s: %s; nothing has changed", file, buf_message(&why));
    if (ok && !output) { /* creates the folder */
        char *folder = paths_log_dir(error);
        ok = folder != NULL;
        free(folder);
    }
    if (ok) {
        path = output ? strdup(output) : price_table_own_path();
        ok = path && write_table(path, buf_slice(&table), error);
        if (!path)
            BUF_ADD(error, "out of memory");
    }
    if (ok)
        describe(path, buf_slice(&table), done);
    free(path);
    buf_free(&text);
    buf_free(&table);
    buf_free(&why);
    return ok;
}

bool price_update_reset(struct buf *done, struct buf *error)
{
    char *path = price_table_own_path();
    bool was = path && access(path, F_OK) == 0, ok = !was || replace_with_nothing(path);
    if (!ok)
        buf_add_format(error, "%s: can't remove it: %s", path, strerror(errno));
    else
        buf_add_text(done, was ? "removed; the prices that came with pointsman are in use"
                               : "the prices that came with pointsman were already in use");
    free(path);
    return ok;
}
