/* Fuzz target: the canonical form of a request of each API. A form is JSON, is its own form, and does not depend on the
 * order of keys. */
#include "tests/fuzz/fuzz.h"
#include "proxy/cache/canonical.h"
#include "proxy/cache/rules.h"

#include <stdlib.h>

const char *const fuzz_seeds[] = {
    "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"h\\u0069\\ud83d\\ude00\"}],\"seed\":1e3,\"user\":\"a\"}",
    "{\"stop\":[\"\\\\ud800\",\"b\"],\"logit_bias\":{\"1\":1,\"\\u0032\":-0.0},\"stream\":true,\"model\":\"m\",\"messages\":[]}",
    "{\"model\":\"m\",\"response_format\":{\"b\":{\"c\":[[],{},\"\"]},\"a\":null},\"stop\":\"\\ud800\",\"stop2\":1}",
    "{\"model\":\"m\",\"input\":[{\"role\":\"user\",\"id\":\"a\",\"content\":[{\"type\":\"input_text\",\"text\":\"a\"}]}]}",
    "{\"model\":\"m\",\"prompt\":[\"a\",[1,2]],\"suffix\":\"b\",\"best_of\":2,\"stop\":null}",
    "{\"model\":\"m\",\"input\":[[1,2],[\"a\"],{\"image\":\"b\"}],\"dimensions\":3}",
    NULL,
};

static void must(bool truth)
{
    if (!truth)
        abort();
}

/* Makes the form of a body as an object. false: it has none. */
static bool form_of(struct slice body, enum wire wire, struct buf *out)
{
    struct json j = {0};
    struct canonical c;
    bool made = false;
    if (json_parse(&j, body.ptr, body.len) && json_type(&j, 0) == JSON_OBJECT) {
        (void)rules_forbid_items(&j, wire);
        (void)canonical_question(&j, wire);
        made = !canonical_make(&c, &j, wire, JSON_NONE);
        buf_add_char(out, '{');
        buf_add_slice(out, buf_slice(&c.text));
        buf_add_char(out, '}');
        canonical_free(&c);
    }
    json_free(&j);
    return made;
}

/* The same members in the reverse order. */
static void reverse(struct slice body, struct buf *out)
{
    struct json j = {0};
    must(json_parse(&j, body.ptr, body.len));
    uint32_t keys[256], count = 0;
    for (uint32_t key = json_first(&j, 0); key && count < 256; key = json_next(&j, key))
        keys[count++] = key;
    buf_add_char(out, '{');
    while (count--) {
        buf_add_slice(out, json_raw(&j, keys[count]));
        buf_add_char(out, ':');
        buf_add_slice(out, json_raw(&j, json_value(keys[count])));
        if (count)
            buf_add_char(out, ',');
    }
    buf_add_char(out, '}');
    json_free(&j);
}

static void check(struct slice body, enum wire wire)
{
    struct buf once, twice, turned;
    buf_init(&once, 2 * CANONICAL_MAX);
    buf_init(&twice, 2 * CANONICAL_MAX);
    buf_init(&turned, 2 * CANONICAL_MAX);
    if (form_of(body, wire, &once)) {
        must(form_of(buf_slice(&once), wire, &twice) && slice_equal(buf_slice(&once), buf_slice(&twice)));
        reverse(body, &turned);
        buf_clear(&twice);
        must(form_of(buf_slice(&turned), wire, &twice) && slice_equal(buf_slice(&once), buf_slice(&twice)));
    }
    buf_free(&once);
    buf_free(&twice);
    buf_free(&turned);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum wire WIRES[] = {WIRE_CHAT, WIRE_RESPONSES, WIRE_COMPLETIONS, WIRE_EMBEDDINGS};
    for (size_t i = 0; i < sizeof WIRES / sizeof *WIRES && size < CANONICAL_MAX / 8; i++)
        check((struct slice){(const char *)data, size}, WIRES[i]);
    return 0;
}
