/* Fuzz target: the fields of a form and of a JSON object of the page's API, and which of them a start accepts. */
#include "tests/fuzz/fuzz.h"
#include "cgi/keys.h"

#include <stdlib.h>
#include <string.h>

const char *const fuzz_seeds[] = {
    "token=0123abcd&OPENAI_API_KEY=+sk-proj-a%2Bb%0D%0A&GEMINI_API_KEY=&HF_TOKEN=hf_x&USE_LOCAL_QWEN=1&DEMO=1",
    "LITELLM_ENABLE_CODEX_AGENT=1&CODEX_AGENT_API_BASE=http%3A%2F%2F[::1]:8788/v1&CODEX_AGENT_API_KEY=k&USE_CHATGPT_LOGIN=1",
    "{\"OPENAI_API_KEY\":\"sk-\\u0061\\\\\\n\",\"GEMINI_API_KEY\":null,\"USE_LOCAL_QWEN\":true,\"DEMO\":false}",
    " {\"LITELLM_ENABLE_CODEX_AGENT\":true,\"CODEX_AGENT_API_BASE\":\"https://h:1/\\ud83d\\ude00\",\"QWEN_API_KEY\":\"x\"}",
    NULL,
};

typedef bool reader(char *body, size_t len, struct fields *out, struct refusal *why);

static void must(bool truth)
{
    if (!truth)
        abort();
}

static bool lies_within(struct slice s, const char *body, size_t len)
{
    return s.len == 0 || (s.ptr >= body && s.ptr + s.len <= body + len);
}

static void add_encoded(struct buf *out, struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        buf_add_format(out, "%%%02x", (unsigned char)text.ptr[i]);
}

/* Fields written as a form are read back unchanged. */
static void check_round_trip(const struct fields *fields)
{
    struct fields again = {0};
    struct refusal why;
    struct buf form;
    buf_init(&form, 1u << 22);
    for (size_t i = 0; i < fields->count; i++) {
        buf_add_char(&form, '&');
        add_encoded(&form, fields->list[i].name);
        buf_add_char(&form, '=');
        add_encoded(&form, fields->list[i].value);
    }
    must(!form.failed && (!form.len || fields_from_form(form.data, form.len, &again, &why)));
    must(again.count == fields->count);
    for (size_t i = 0; i < fields->count; i++)
        must(slice_equal(again.list[i].name, fields->list[i].name) &&
             slice_equal(again.list[i].value, fields->list[i].value));
    buf_free(&form);
}

static void check_keys(const struct fields *fields, const char *body, size_t len)
{
    struct keys keys;
    struct refusal why = {0};
    static const struct config_variables named = {
        .names = {"GROQ_API_KEY", "A"},
        .count = 2,
        .groups = 1,
        .ready_groups = 1,
    };
    if (!keys_read(fields, &named, &keys, &why)) {
        must(why.status == 400 && why.code && *why.message);
        return;
    }
    for (size_t i = 0; i < keys.variable_count; i++) {
        struct slice value = keys.variables[i].value;
        must(config_variables_has(&named, keys.variables[i].name) && value.len && value.len <= KEY_MAX_LEN);
        for (size_t at = 0; at < value.len; at++)
            must((unsigned char)value.ptr[at] >= ' ' && value.ptr[at] != 0x7f);
    }
    for (unsigned i = 0; i < SERVE_HOSTS_MAX; i++)
        must(!keys.serving.allow_host[i].len || lies_within(keys.serving.allow_host[i], body, len));
    for (unsigned key = 0; key <= KEY_COUNT; key++) {
        struct slice value = key < KEY_COUNT ? keys.value[key] : keys.agent_base;
        must(value.len <= KEY_MAX_LEN && lies_within(value, body, len));
        for (size_t i = 0; i < value.len; i++)
            must(value.ptr[i] > ' ' && value.ptr[i] <= '~');
    }
    must(keys.chosen[CHOICE_CODEX_AGENT] == (keys.agent_base.len > 0));
}

static void check(reader *read, const uint8_t *data, size_t size)
{
    struct fields fields;
    struct refusal why = {0};
    char *body = malloc(size ? size : 1);
    must(body);
    if (size)
        memcpy(body, data, size);
    if (read(body, size, &fields, &why)) {
        must(fields.count <= FIELDS_MAX);
        for (size_t i = 0; i < fields.count; i++)
            must(lies_within(fields.list[i].name, body, size) && lies_within(fields.list[i].value, body, size));
        check_round_trip(&fields);
        check_keys(&fields, body, size);
    } else {
        must(why.status == 400 && why.code && *why.message);
    }
    free(body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check(fields_from_form, data, size);
    check(fields_from_json, data, size);
    return 0;
}
