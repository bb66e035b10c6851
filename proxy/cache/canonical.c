/* pure: the canonical form of a request. */
#include "proxy/cache/canonical.h"

#include "proxy/cache/rules.h"

#include <sodium.h>
#include <stdlib.h>

/* A form in the making. */
struct form {
    const struct json *j;
    struct buf *out;
    uint32_t blank;      /* a node that is written as null; JSON_NONE: none */
    const char *refusal; /* why there is none; NULL so far */
};

struct member {
    uint32_t key;
    size_t at, len;    /* the unescaped name, in `names` */
    const char *names; /* set once all are there */
};

static void refuse(struct form *f, const char *why)
{
    if (!f->refusal)
        f->refusal = why;
}

/* The four hexadecimal digits behind "\u". */
static unsigned code_unit(const char *digits)
{
    unsigned value = 0;
    for (int i = 0; i < 4; i++)
        value = value * 16 + (unsigned)(digits[i] <= '9' ? digits[i] - '0' : (digits[i] | 0x20) - 'a' + 10);
    return value;
}

/* Whether an escape is half a surrogate pair. All halves would unescape to the same character. */
static bool has_lone_surrogate(struct slice inner)
{
    const char *p = inner.ptr, *end = p + inner.len;
    while (p && (p = memchr(p, '\\', (size_t)(end - p)))) {
        unsigned unit = p[1] == 'u' ? code_unit(p + 2) : 0;
        bool high = unit >= 0xd800 && unit < 0xdc00;
        bool paired = high && end - p >= 12 && p[6] == '\\' && p[7] == 'u' && (code_unit(p + 8) & 0xfc00) == 0xdc00;
        if (unit >= 0xd800 && unit < 0xe000 && !paired)
            return true;
        p += p[1] != 'u' ? 2 : paired ? 12 : 6;
    }
    return false;
}

static void add_string(struct form *f, uint32_t node)
{
    struct slice inner = json_inner(f->j, node);
    struct buf plain;
    if (!f->j->nodes[node].escaped) {
        json_add_string(f->out, inner);
        return;
    }
    if (has_lone_surrogate(inner))
        refuse(f, "surrogate");
    buf_init(&plain, CANONICAL_MAX);
    json_unescape(f->j, node, &plain);
    buf_fail_with(f->out, &plain);
    json_add_string(f->out, buf_slice(&plain));
    buf_free(&plain);
}

static int by_name(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    size_t shorter = x->len < y->len ? x->len : y->len;
    int order = shorter ? memcmp(x->names + x->at, y->names + y->at, shorter) : 0;
    return order ? order : (x->len > y->len) - (x->len < y->len);
}

static bool is_same(const struct member *x, const struct member *y)
{
    return by_name(x, y) == 0;
}

/* Collects the members of an object, sorted by their unescaped names, in a new array. NULL: none, or the form failed.
 */
static struct member *sort_members(struct form *f, uint32_t object, struct buf *names, size_t *count)
{
    size_t n = 0;
    for (uint32_t key = json_first(f->j, object); key; key = json_next(f->j, key))
        n++;
    struct member *all = n ? calloc(n, sizeof *all) : NULL;
    *count = 0;
    if (!all) {
        f->out->failed |= n > 0;
        return NULL;
    }
    for (uint32_t key = json_first(f->j, object); key; key = json_next(f->j, key)) {
        struct member *m = &all[(*count)++];
        *m = (struct member){.key = key, .at = names->len};
        if (f->j->nodes[key].escaped && has_lone_surrogate(json_inner(f->j, key)))
            refuse(f, "surrogate");
        json_unescape(f->j, key, names);
        m->len = names->len - m->at;
    }
    buf_fail_with(f->out, names);
    for (size_t i = 0; i < n; i++)
        all[i].names = buf_text(names);
    qsort(all, n, sizeof *all, by_name);
    for (size_t i = 1; i < n; i++)
        if (is_same(&all[i - 1], &all[i]))
            refuse(f, "duplicate-key");
    return all;
}

static void add_value(struct form *f, uint32_t node, bool items);

/* Whether the object is a message. Its id is the client's, and the answer does not depend on it. */
static bool is_message(const struct json *j, uint32_t object)
{
    uint32_t type = json_get(j, object, "type");
    return (!type || json_string_is(j, type, "message")) && json_get(j, object, "role");
}

static void add_object(struct form *f, uint32_t object, bool item)
{
    struct buf names;
    size_t count;
    bool message = item && is_message(f->j, object), any = false;
    buf_init(&names, CANONICAL_MAX);
    struct member *all = sort_members(f, object, &names, &count);
    buf_add_char(f->out, '{');
    for (size_t i = 0; i < count && !f->refusal; i++) {
        struct slice name = {all[i].names + all[i].at, all[i].len};
        if (message && slice_is(name, "id"))
            continue;
        if (any)
            buf_add_char(f->out, ',');
        any = true;
        json_add_string(f->out, name);
        buf_add_char(f->out, ':');
        add_value(f, json_value(all[i].key), false);
    }
    buf_add_char(f->out, '}');
    free(all);
    buf_free(&names);
}

/* `items`: a list whose objects are messages. Its depth is limited by JSON_MAX_DEPTH. */
static void add_value(struct form *f, uint32_t node, bool items)   // NOLINT(misc-no-recursion)
{
    enum json_type type = json_type(f->j, node);
    if (f->refusal || f->out->failed)
        return;
    if (node == f->blank) {
        BUF_ADD(f->out, "null");
    } else if (type == JSON_STRING) {
        add_string(f, node);
    } else if (type == JSON_OBJECT) {
        add_object(f, node, items);
    } else if (type == JSON_ARRAY) {
        buf_add_char(f->out, '[');
        for (uint32_t child = json_first(f->j, node), first = child; child; child = json_next(f->j, child)) {
            if (child != first)
                buf_add_char(f->out, ',');
            if (json_type(f->j, child) == JSON_OBJECT)
                add_object(f, child, items);
            else
                add_value(f, child, false);
        }
        buf_add_char(f->out, ']');
    } else {
        buf_add_slice(f->out, json_raw(f->j, node));
    }
}

static void add_member(struct form *f, struct buf *out, const struct member *m, struct slice name, bool items)
{
    f->out = out;
    if (out->len)
        buf_add_char(out, ',');
    json_add_string(out, name);
    buf_add_char(out, ':');
    add_value(f, json_value(m->key), items);
}

const char *canonical_make(struct canonical *c, const struct json *body, enum wire wire, uint32_t blank)
{
    struct form f = {.j = body, .out = &c->text, .blank = blank};
    struct buf names;
    size_t count;
    buf_init(&c->text, CANONICAL_MAX);
    buf_init(&c->scope, CANONICAL_MAX);
    buf_init(&names, CANONICAL_MAX);
    struct member *all = sort_members(&f, 0, &names, &count);
    for (size_t i = 0; i < count && !f.refusal; i++) {
        struct slice name = {all[i].names + all[i].at, all[i].len};
        switch (rules_field(body, all[i].key, wire)) {
        case FIELD_UNKNOWN: refuse(&f, "unknown-field"); break;
        case FIELD_DROPPED: break;
        case FIELD_SCOPE: add_member(&f, &c->scope, &all[i], name, false); break;
        case FIELD_KEPT:
            add_member(&f, &c->text, &all[i], name, slice_is(name, wire == WIRE_CHAT ? "messages" : "input"));
            break;
        }
    }
    free(all);
    buf_free(&names);
    if (c->text.failed || c->scope.failed)
        refuse(&f, "size");
    return f.refusal;
}

/* The only text of a message's content; JSON_NONE: there are several, or none. */
static uint32_t text_of(const struct json *j, uint32_t message)
{
    uint32_t content = json_get(j, message, "content"), part;
    if (json_is(j, content, JSON_STRING))
        return content;
    part = json_is(j, content, JSON_ARRAY) ? json_first(j, content) : JSON_NONE;
    if (!json_is(j, part, JSON_OBJECT) || json_next(j, part))
        return JSON_NONE;
    uint32_t text = json_get(j, part, "text");
    return json_is(j, text, JSON_STRING) ? text : JSON_NONE;
}

uint32_t canonical_question(const struct json *body, enum wire wire)
{
    uint32_t list = json_get(body, 0, wire == WIRE_CHAT ? "messages" : "input"), question = JSON_NONE;
    if (json_is(body, list, JSON_STRING))
        return list;
    for (uint32_t item = json_is(body, list, JSON_ARRAY) ? json_first(body, list) : JSON_NONE; item;
         item = json_next(body, item)) {
        uint32_t role = json_is(body, item, JSON_OBJECT) ? json_get(body, item, "role") : JSON_NONE;
        if (json_string_is(body, role, "system") || json_string_is(body, role, "developer"))
            continue;
        if (question || !role || !json_string_is(body, role, "user") || !(question = text_of(body, item)))
            return JSON_NONE;
    }
    return question;
}

void canonical_free(struct canonical *c)
{
    buf_free(&c->text);
    buf_free(&c->scope);
}

/* Each part with its length, so that two parts can't be taken for others. */
static void hash_part(crypto_generichash_state *state, struct slice part)
{
    uint64_t len = part.len;
    crypto_generichash_update(state, (const unsigned char *)&len, sizeof len);
    if (part.len)
        crypto_generichash_update(state, (const unsigned char *)part.ptr, part.len);
}

void canonical_key(const struct canonical *c, const struct canonical_scope *scope, const unsigned char *secret,
                   unsigned char *key)
{
    crypto_generichash_state state;
    const unsigned char form[2] = {CANONICAL_VERSION, (unsigned char)scope->wire};
    const struct slice parts[] = {
        {(const char *)form, sizeof form},
        scope->client_key,
        {(const char *)scope->configuration, CACHE_KEY_SIZE},
        scope->model,
        scope->spaces[0],
        scope->spaces[1],
        buf_slice(&c->scope),
        buf_slice(&c->text),
    };
    crypto_generichash_init(&state, secret, CACHE_KEY_SIZE, CACHE_KEY_SIZE);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        hash_part(&state, parts[i]);
    crypto_generichash_final(&state, key, CACHE_KEY_SIZE);
    sodium_memzero(&state, sizeof state);
}
