/* Reads a log line by line, backwards or forwards. */
#include "cli/run/lines.h"

#include <string.h>
#include <unistd.h>

#define BLOCK (64u << 10) /* bytes per read */

void lines_open(struct lines *l, const char *path, bool back)
{
    *l = (struct lines){.back = back, .fd = -1};
    l->count = log_files_open(path, l->files, NULL);
    buf_init(&l->data, LINES_MAX + 2 * BLOCK);
}

void lines_close(struct lines *l)
{
    if (l->fd >= 0)
        (void)close(l->fd);
    for (unsigned i = 0; i < l->count; i++)
        if (l->files[i] >= 0)
            (void)close(l->files[i]);
    buf_free(&l->data);
}

/* Goes on to the next file. false: no more files. */
static bool begin_next(struct lines *l)
{
    if (l->fd >= 0)
        (void)close(l->fd);
    l->fd = -1;
    if (l->read == l->count)
        return false;
    int *file = &l->files[l->back ? l->read : l->count - 1 - l->read];
    l->read++;
    l->fd = *file;
    *file = -1;
    l->at = l->back ? lseek(l->fd, 0, SEEK_END) : 0;
    l->skipping = false;
    l->used = 0;
    buf_clear(&l->data);
    return l->at >= 0;
}

/* Prepends the previous block to `data`. false: start of the file. */
static bool read_before(struct lines *l)
{
    char block[BLOCK];
    size_t want = l->at < (off_t)BLOCK ? (size_t)l->at : BLOCK;
    if (!want || pread(l->fd, block, want, l->at - (off_t)want) != (ssize_t)want)
        return false;
    if (l->data.len > LINES_MAX) {
        l->skipping = true;
        l->data.len = 0;
    }
    if (!buf_reserve(&l->data, want))
        return false;
    memmove(l->data.data + want, l->data.data, l->data.len);
    memcpy(l->data.data, block, want);
    l->data.len += want;
    l->at -= (off_t)want;
    return true;
}

static bool next_back(struct lines *l, struct slice *line)
{
    for (;;) {
        const char *newline = l->data.len ? memrchr(l->data.data, '\n', l->data.len) : NULL;
        if (!newline && read_before(l))
            continue;
        if (!newline && !l->data.len)
            return false;
        size_t start = newline ? (size_t)(newline - l->data.data) + 1 : 0;
        *line = (struct slice){l->data.data + start, l->data.len - start};
        l->data.len = newline ? start - 1 : 0;
        bool whole = !l->skipping;
        l->skipping = false;
        if (whole && line->len)
            return true;
    }
}

static bool next_forward(struct lines *l, struct slice *line)
{
    for (;;) {
        const char *rest = l->data.data + l->used;
        const char *newline = l->data.len > l->used ? memchr(rest, '\n', l->data.len - l->used) : NULL;
        if (newline) {
            *line = (struct slice){rest, (size_t)(newline - rest)};
            l->used += line->len + 1;
            bool whole = !l->skipping;
            l->skipping = false;
            if (whole && line->len)
                return true;
            continue;
        }
        buf_drop(&l->data, l->used);
        l->used = 0;
        if (l->data.len > LINES_MAX) {
            l->skipping = true;
            buf_clear(&l->data);
        }
        ssize_t got = buf_reserve(&l->data, BLOCK) ? read(l->fd, l->data.data + l->data.len, BLOCK) : -1;
        if (got <= 0)
            return false; /* a last line without newline is incomplete */
        l->data.len += (size_t)got;
    }
}

bool lines_next(struct lines *l, struct slice *line)
{
    for (;;) {
        if (l->fd >= 0 && (l->back ? next_back(l, line) : next_forward(l, line)))
            return true;
        if (!begin_next(l))
            return false;
    }
}
