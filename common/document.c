/* JSON documents, built and printed by cJSON. */
#include "common/document.h"

#include "common/json.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#define NUMBER_SIZE 384 /* "%.*f" of the largest double has 309 digits before the point */

static struct container begin(struct document *d, cJSON *root)
{
    *d = (struct document){root, root == NULL};
    return (struct container){d, root};
}

struct container document_object(struct document *d)
{
    return begin(d, cJSON_CreateObject());
}

struct container document_array(struct document *d)
{
    return begin(d, cJSON_CreateArray());
}

void document_free(struct document *d)
{
    cJSON_Delete(d->root);
    *d = (struct document){0};
}

bool document_print(struct document *d, struct buf *out)
{
    char *text = d->failed ? NULL : cJSON_PrintUnformatted(d->root);
    bool printed = text && buf_add_text(out, text);
    if (!text)
        out->failed = true;
    cJSON_free(text);
    document_free(d);
    return printed;
}

/* Length of the valid UTF-8 without NUL at the start. */
static size_t clean_length(struct slice text)
{
    size_t at = 0, len;
    while (at < text.len && text.ptr[at] && (len = json_utf8_length((struct slice){text.ptr + at, text.len - at})) > 0)
        at += len;
    return at;
}

/* Returns a NUL-terminated copy with U+FFFD for each other byte. The caller frees `room`, which has failed if out of
 * memory. */
static const char *clean_copy(struct slice text, struct buf *room)
{
    buf_init(room, SIZE_MAX / 2);
    for (;;) {
        size_t clean = clean_length(text);
        buf_add(room, text.ptr, clean);
        if (clean == text.len)
            return buf_text(room);
        BUF_ADD(room, "\xEF\xBF\xBD");
        text.ptr += clean + 1;
        text.len -= clean + 1;
    }
}

/* Adds an item and takes ownership of it; NULL: the allocation failed. */
static struct container add(struct container in, const char *key, cJSON *item)
{
    struct buf room = {0};
    struct slice name = slice_of(key);
    if (clean_length(name) < name.len)
        key = clean_copy(name, &room);
    bool added = item && in.item && !room.failed &&
                 (key ? cJSON_AddItemToObject(in.item, key, item) : cJSON_AddItemToArray(in.item, item));
    buf_free(&room);
    if (!added) {
        in.document->failed = true;
        cJSON_Delete(item);
    }
    return (struct container){in.document, added ? item : NULL};
}

struct container document_add_object(struct container in, const char *key)
{
    return add(in, key, cJSON_CreateObject());
}

struct container document_add_array(struct container in, const char *key)
{
    return add(in, key, cJSON_CreateArray());
}

void document_add_null(struct container in, const char *key)
{
    add(in, key, cJSON_CreateNull());
}

void document_add_bool(struct container in, const char *key, bool value)
{
    add(in, key, cJSON_CreateBool(value));
}

void document_add_slice(struct container in, const char *key, struct slice text)
{
    struct buf room;
    const char *clean = clean_copy(text, &room);
    add(in, key, room.failed ? NULL : cJSON_CreateString(clean));
    buf_free(&room);
}

void document_add_text(struct container in, const char *key, const char *text)
{
    struct slice whole = slice_of(text);
    if (!text)
        document_add_null(in, key);
    else if (clean_length(whole) == whole.len)
        add(in, key, cJSON_CreateString(text));
    else
        document_add_slice(in, key, whole);
}

void document_add_name(struct container in, const char *key, const char *text)
{
    document_add_text(in, key, text && *text ? text : NULL);
}

void document_add_buf(struct container in, const char *key, const struct buf *text)
{
    if (text->failed && !text->full)
        in.document->failed = true;
    document_add_slice(in, key, buf_slice(text));
}

/* Numbers are formatted here, because cJSON rounds integers above 2^53 and prints fractions with up to 17 digits. */
void document_add_count(struct container in, const char *key, int64_t value)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%" PRId64, value);
    add(in, key, cJSON_CreateRaw(text));
}

void document_add_number(struct container in, const char *key, double value, int digits)
{
    char text[NUMBER_SIZE] = "null";
    if (isfinite(value))
        (void)snprintf(text, sizeof text, "%.*g", digits, value);
    add(in, key, cJSON_CreateRaw(text));
}

void document_add_fixed(struct container in, const char *key, double value, int decimals)
{
    char text[NUMBER_SIZE] = "null";
    if (isfinite(value))
        (void)snprintf(text, sizeof text, "%.*f", decimals, value);
    add(in, key, cJSON_CreateRaw(text));
}

void document_add_raw(struct container in, const char *key, struct slice json)
{
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    buf_add_slice(&text, json.len ? json : SLICE("null"));
    add(in, key, text.failed ? NULL : cJSON_CreateRaw(buf_text(&text)));
    buf_free(&text);
}

void document_add_json(struct container in, const char *key, const struct buf *json)
{
    if (json->failed)
        in.document->failed = true;
    document_add_raw(in, key, buf_slice(json));
}
