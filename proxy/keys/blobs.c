/* pure: except for the shared memory of the key table: texts and lists in it, by classes of size. */
#include "proxy/keys/private.h"

/* Sizes in units: 1 to 16, then 1.5 and 2 times the power below, to 4096 (64 KB). */
static unsigned class_of(size_t units)
{
    if (units <= 16)
        return (unsigned)units - 1;
    unsigned class = 16;
    for (size_t size = 16; size * 2 < units; size *= 2)
        class += 2;
    size_t power = (size_t)16 << ((class - 16) / 2);
    return class + (units > power * 3 / 2);
}

static size_t units_of(unsigned class)
{
    if (class < 16)
        return class + 1;
    size_t power = (size_t)16 << ((class - 16) / 2);
    return class % 2 ? power * 2 : power * 3 / 2;
}

void *blob_at(const struct key_table *t, blob b)
{
    return t->blobs + (size_t)b * BLOB_UNIT;
}

blob blob_new(struct key_table *t, size_t size)
{
    unsigned class = class_of((size + BLOB_UNIT - 1) / BLOB_UNIT);
    size_t units = units_of(class);
    blob b = t->head->free_blob[class];
    if (b)
        memcpy(&t->head->free_blob[class], blob_at(t, b), sizeof b);
    else if (units <= t->head->blobs_end - t->head->blobs) {
        b = t->head->blobs;
        t->head->blobs += (uint32_t)units;
    } else
        return 0;
    memset(blob_at(t, b), 0, units * BLOB_UNIT);
    return b;
}

void blob_free(struct key_table *t, blob b, size_t size)
{
    if (!b)
        return;
    unsigned class = class_of((size + BLOB_UNIT - 1) / BLOB_UNIT);
    memcpy(blob_at(t, b), &t->head->free_blob[class], sizeof b);
    t->head->free_blob[class] = b;
}

const char *blob_read(const struct key_table *t, blob b)
{
    return b ? blob_at(t, b) : "";
}

const char *list_next(const char *text)
{
    return text + strlen(text) + 1;
}

static bool copy(struct key_table *t, struct slice bytes, size_t ends, blob *out)
{
    *out = bytes.len ? blob_new(t, bytes.len + ends) : 0;
    if (*out)
        memcpy(blob_at(t, *out), bytes.ptr, bytes.len);
    return *out || !bytes.len;
}

bool blob_text(struct key_table *t, struct slice text, blob *out)
{
    return copy(t, text, 1, out);
}

bool blob_list(struct key_table *t, const struct key_list *list, blob *out)
{
    return copy(t, list->bytes, 1, out);
}

void blob_free_text(struct key_table *t, blob *b)
{
    blob_free(t, *b, strlen(blob_read(t, *b)) + 1);
    *b = 0;
}

void blob_free_list(struct key_table *t, blob *b)
{
    const char *start = blob_read(t, *b), *end = start;
    while (*end)
        end = list_next(end);
    blob_free(t, *b, (size_t)(end - start) + 1);
    *b = 0;
}
