/* The page's Test button: runs `pointsman test --call`. */
#include "cgi/tester.h"

#include "common/json.h"

#include <errno.h>
#include <string.h>

#define MODEL_MAX 256 /* bytes of an alias */

bool tester_start(struct runner *t, const struct settings *settings, const struct fields *fields, int64_t now_ms,
                  struct refusal *why)
{
    const struct field *field = fields_get(fields, "model");
    char model[MODEL_MAX + 1] = "";
    if (t->pid)
        return refuse(why, 409, "busy", "A test is running. Try again when it has ended.");
    if (!field || field->kind != FIELD_TEXT || !field->value.len || field->value.len > MODEL_MAX ||
        field->value.ptr[0] == '-')
        return refuse_field(why, "model", "invalid_model", "\"model\" must be the name of an alias in the status.");
    memcpy(model, field->value.ptr, field->value.len);
    if (!runner_start(t, settings, (const char *[]){"test", "--call", "--model", model, NULL}, TESTER_MS, now_ms))
        return refuse(why, 500, "no_process", "Can't start the test: %s.", strerror(errno));
    return true;
}

static void add_member(const struct json *json, uint32_t object, const char *name, struct buf *out)
{
    (void)json_unescape(json, json_get(json, object, name), out);
}

bool tester_result(const struct runner *t, struct buf *out)
{
    struct json json = {0};
    struct slice text = buf_slice(&t->answer);
    int64_t ms = 0;
    bool read = !t->answer.failed && text.len && json_parse(&json, text.ptr, text.len);
    uint32_t call = read ? json_get(&json, 0, "call") : JSON_NONE;
    uint32_t error = call != JSON_NONE ? json_get(&json, call, "error") : JSON_NONE;
    bool good = call != JSON_NONE && json_is(&json, json_get(&json, 0, "ok"), JSON_TRUE);
    if (call != JSON_NONE) {
        add_member(&json, call, "model", out);
        (void)json_int64(&json, json_get(&json, call, "ms"), &ms);
        buf_add_format(out, good ? ": OK after %lld ms" : ": failed after %lld ms: ", (long long)ms);
        if (!good && error != JSON_NONE)
            add_member(&json, call, "error", out);
    } else {
        buf_add_text(out,
                     read ? "The model is not ready." : "The test timed out after 60 s, or the proxy is not running.");
    }
    json_free(&json);
    return good;
}
