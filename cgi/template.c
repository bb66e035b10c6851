/* HTML files with slots. */
#include "cgi/template.h"

#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEMPLATE_MAX (128 * 1024) /* bytes of a file */

bool template_escape(struct buf *out, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        switch (text.ptr[i]) {
        case '&': BUF_ADD(out, "&amp;"); break;
        case '<': BUF_ADD(out, "&lt;"); break;
        case '>': BUF_ADD(out, "&gt;"); break;
        case '"': BUF_ADD(out, "&quot;"); break;
        case '\'': BUF_ADD(out, "&#39;"); break;
        default: buf_add_char(out, text.ptr[i]);
        }
    }
    return !out->failed;
}

static const struct template_slot *find_slot(const struct template *t, struct slice name)
{
    for (size_t i = 0; i < t->slot_count; i++)
        if (slice_is(name, t->slots[i].name))
            return &t->slots[i];
    return NULL;
}

/* Finds the next "{{name}}" at or after *from: sets `name`, the text before it, and *from to the end of the slot.
 * false: there is none, and `before` is the rest of the page. */
static bool next_slot(const struct template *t, size_t *from, struct slice *before, struct slice *name)
{
    const char *start = t->text + *from, *end = t->text + t->len;
    const char *open = memmem(start, (size_t)(end - start), "{{", 2);
    const char *close = open ? memmem(open, (size_t)(end - open), "}}", 2) : NULL;
    *before = (struct slice){start, (size_t)((close ? open : end) - start)};
    if (!close)
        return false;
    *name = (struct slice){open + 2, (size_t)(close - open - 2)};
    *from = (size_t)(close + 2 - t->text);
    return true;
}

bool template_load(struct template *t, const char *folder, const char *file, const struct template_slot *slots,
                   size_t slot_count, struct buf *error)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", folder, file);
    *t = (struct template){.text = malloc(TEMPLATE_MAX), .slots = slots, .slot_count = slot_count};
    ssize_t len = t->text ? file_read_start(AT_FDCWD, path, 0, t->text, TEMPLATE_MAX) : -1;
    if (len <= 0 || len == TEMPLATE_MAX - 1) {
        buf_add_format(error, "%s: %s", path, len > 0 ? "too large" : len == 0 ? "empty" : file_reason(errno));
        return false;
    }
    t->len = (size_t)len;
    struct slice before, name;
    for (size_t from = 0; next_slot(t, &from, &before, &name);)
        if (!find_slot(t, name)) {
            buf_add_format(error, "%s: unknown slot \"%.*s\"", path, SLICE_ARGS(name));
            return false;
        }
    return true;
}

void template_write(const struct template *t, const struct view *view, struct buf *out)
{
    struct slice before, name;
    size_t from = 0;
    while (next_slot(t, &from, &before, &name)) {
        buf_add_slice(out, before);
        find_slot(t, name)->write(view, out);
    }
    buf_add_slice(out, before);
}
