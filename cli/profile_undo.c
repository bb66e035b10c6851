/* The undo file of the managed profiles, as JSON. */
#include "cli/profile_undo.h"

#include "common/document.h"
#include "common/json.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define UNDO_VERSION 1

static const char *const STAGES[] = {"enabling", "enabled", "disabling"};

void profile_hash(struct slice text, char out[PROFILE_HASH_SIZE])
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(hash, (const unsigned char *)text.ptr, text.len);
    (void)sodium_bin2hex(out, PROFILE_HASH_SIZE, hash, sizeof hash);
}

void profile_undo_free(struct profile_undo *u)
{
    free((char *)u->spec.model);
    free((char *)u->spec.base_url);
    free((char *)u->spec.key_command);
    for (unsigned i = 0; i < PROFILE_FILE_COUNT; i++) {
        free(u->changes[i].path);
        buf_free(&u->changes[i].before);
    }
    *u = (struct profile_undo){0};
}

static void add_bytes(struct container in, const char *key, const struct buf *bytes)
{
    size_t size = sodium_base64_ENCODED_LEN(bytes->len, sodium_base64_VARIANT_ORIGINAL);
    struct buf text;
    buf_init(&text, size);
    if (buf_reserve(&text, size)) {
        (void)sodium_bin2base64(text.data, size, (const unsigned char *)bytes->data, bytes->len,
                                sodium_base64_VARIANT_ORIGINAL);
        text.len = size - 1;
    }
    document_add_buf(in, key, &text);
    buf_free(&text);
}

static void describe_change(const struct profile_change *c, struct container in)
{
    char hash[PROFILE_HASH_SIZE];
    profile_hash(buf_slice(&c->before), hash);
    document_add_text(in, "path", c->path);
    document_add_bool(in, "existed", c->existed);
    document_add_count(in, "mode", c->owner.mode);
    document_add_count(in, "uid", c->owner.uid);
    document_add_count(in, "gid", c->owner.gid);
    document_add_text(in, "before_sha256", hash);
    document_add_text(in, "after_sha256", c->after);
    add_bytes(in, "before", &c->before);
}

bool profile_undo_print(const struct profile_undo *u, struct buf *out)
{
    struct document d;
    struct container root = document_object(&d);
    document_add_count(root, "version", UNDO_VERSION);
    document_add_text(root, "stage", STAGES[u->stage]);
    document_add_bool(root, "keep", u->keep);
    document_add_bool(root, "default", u->spec.make_default);
    document_add_bool(root, "files_style", u->spec.style.files);
    document_add_bool(root, "key_command_style", u->spec.style.key_command);
    document_add_bool(root, "catalog_url_style", u->spec.style.catalog_url);
    document_add_bool(root, "catalogs", u->spec.catalogs);
    document_add_text(root, "model", u->spec.model);
    document_add_text(root, "base_url", u->spec.base_url);
    document_add_text(root, "key_command", u->spec.key_command);
    struct container changes = document_add_object(root, "changes");
    for (enum profile_file file = 0; file < PROFILE_FILE_COUNT; file++)
        if (u->changes[file].path)
            describe_change(&u->changes[file], document_add_object(changes, profile_file_name(file)));
    return document_print(&d, out) && BUF_ADD(out, "\n");
}

static bool flag_of(const struct json *json, uint32_t object, const char *name)
{
    return json_is(json, json_get(json, object, name), JSON_TRUE);
}

static bool read_number(const struct json *json, uint32_t object, const char *name, unsigned *out)
{
    int64_t number;
    if (!json_int64(json, json_get(json, object, name), &number) || number < 0 || number > UINT32_MAX)
        return false;
    *out = (unsigned)number;
    return true;
}

static bool read_bytes(struct slice text, struct buf *out)
{
    size_t size = text.len / 4 * 3 + 3, len = 0;
    buf_init(out, PROFILE_FILE_MAX + 4);
    if (!text.ptr || !buf_reserve(out, size))
        return false;
    bool ok = sodium_base642bin((unsigned char *)out->data, size, text.ptr, text.len, NULL, &len, NULL,
                                sodium_base64_VARIANT_ORIGINAL) == 0;
    out->len = ok ? len : 0;
    return ok;
}

static bool read_change(const struct json *json, uint32_t object, struct profile_change *c)
{
    unsigned mode, uid, gid;
    char hash[PROFILE_HASH_SIZE];
    struct slice after = json_inner(json, json_get(json, object, "after_sha256"));
    c->path = json_strdup(json, json_get(json, object, "path"));
    c->existed = flag_of(json, object, "existed");
    if (!c->path || after.len != PROFILE_HASH_SIZE - 1 || !read_number(json, object, "mode", &mode) ||
        !read_number(json, object, "uid", &uid) || !read_number(json, object, "gid", &gid) ||
        !read_bytes(json_inner(json, json_get(json, object, "before")), &c->before))
        return false;
    c->owner = (struct replace_owner){mode & 07777, uid, gid};
    memcpy(c->after, after.ptr, after.len);
    profile_hash(buf_slice(&c->before), hash);
    return json_string_is(json, json_get(json, object, "before_sha256"), hash);
}

static bool read_all(const struct json *json, struct profile_undo *u)
{
    int64_t version;
    uint32_t stage = json_get(json, 0, "stage"), changes = json_get(json, 0, "changes");
    if (!json_int64(json, json_get(json, 0, "version"), &version) || version != UNDO_VERSION ||
        !json_is(json, changes, JSON_OBJECT))
        return false;
    while (u->stage < sizeof STAGES / sizeof *STAGES && !json_string_is(json, stage, STAGES[u->stage]))
        u->stage++;
    if (u->stage == sizeof STAGES / sizeof *STAGES)
        return false;
    u->keep = flag_of(json, 0, "keep");
    u->spec = (struct profile_spec){
        .style = {flag_of(json, 0, "files_style"), flag_of(json, 0, "key_command_style"),
                  flag_of(json, 0, "catalog_url_style")},
        .make_default = flag_of(json, 0, "default"),
        .catalogs = flag_of(json, 0, "catalogs"),
        .model = json_strdup(json, json_get(json, 0, "model")),
        .base_url = json_strdup(json, json_get(json, 0, "base_url")),
        .key_command = json_strdup(json, json_get(json, 0, "key_command")),
    };
    for (enum profile_file file = 0; file < PROFILE_FILE_COUNT; file++) {
        uint32_t change = json_get(json, changes, profile_file_name(file));
        if (change != JSON_NONE && !read_change(json, change, &u->changes[file]))
            return false;
    }
    return u->spec.model && u->spec.base_url;
}

bool profile_undo_parse(struct profile_undo *u, struct slice text, struct buf *why)
{
    struct json json = {0};
    *u = (struct profile_undo){0};
    bool ok = json_parse(&json, text.ptr ? text.ptr : "", text.len) && json_type(&json, 0) == JSON_OBJECT &&
              read_all(&json, u);
    if (!ok)
        BUF_ADD(why, "not an undo file of this version of pointsman");
    json_free(&json);
    return ok;
}
