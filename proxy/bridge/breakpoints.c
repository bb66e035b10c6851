/* pure: adds cache_control marks to a Chat Completions body. */
#include "proxy/bridge/breakpoints.h"

#include "proxy/bridge/model.h"

#define MARK "\"cache_control\":{\"type\":\"ephemeral\"}"

struct marker {
    const struct json *j;
    uint32_t messages[BREAKPOINTS_MAX]; /* to be marked, last first */
    unsigned count;
};

static bool is_role(const struct json *j, uint32_t message, const char *role)
{
    return json_string_is(j, object_field(j, message, "role"), role);
}

static bool is_system(const struct json *j, uint32_t message)
{
    return is_role(j, message, "system") || is_role(j, message, "developer");
}

static uint32_t last_part(const struct json *j, uint32_t content)
{
    uint32_t last = JSON_NONE;
    for (uint32_t part = json_is(j, content, JSON_ARRAY) ? json_first(j, content) : JSON_NONE; part;
         part = json_next(j, part))
        last = part;
    return last;
}

/* Anthropic refuses a mark on an empty text. */
static bool can_be_marked(const struct json *j, uint32_t message)
{
    uint32_t content = object_field(j, message, "content"), part = last_part(j, content);
    if (json_is(j, content, JSON_STRING))
        return json_inner(j, content).len > 0;
    return json_is(j, part, JSON_OBJECT) &&
           (!json_string_is(j, object_field(j, part, "type"), "text") || object_text(j, part, "text").len > 0);
}

static bool has_mark(const struct json *j, uint32_t object)
{
    return json_is(j, object, JSON_OBJECT) && json_get(j, object, "cache_control");
}

/* Whether the client set marks: at the top, on a tool, a message or a part of one. */
static bool has_marks(const struct json *j)
{
    uint32_t lists[] = {json_get(j, 0, "tools"), json_get(j, 0, "messages")};
    if (json_get(j, 0, "cache_control"))
        return true;
    for (size_t i = 0; i < 2; i++)
        for (uint32_t n = json_is(j, lists[i], JSON_ARRAY) ? json_first(j, lists[i]) : JSON_NONE; n;
             n = json_next(j, n)) {
            uint32_t content = object_field(j, n, "content");
            if (has_mark(j, n) || has_mark(j, object_field(j, n, "function")))
                return true;
            for (uint32_t p = json_is(j, content, JSON_ARRAY) ? json_first(j, content) : JSON_NONE; p;
                 p = json_next(j, p))
                if (has_mark(j, p))
                    return true;
        }
    return false;
}

/* Keeps the last of the ends, and the system message in the first place. */
static void add_end(struct marker *m, uint32_t message, bool has_system)
{
    unsigned first = has_system ? 1 : 0;
    if (!message)
        return;
    if (m->count == BREAKPOINTS_MAX) {
        for (unsigned i = first; i + 1 < m->count; i++)
            m->messages[i] = m->messages[i + 1];
        m->count--;
    }
    m->messages[m->count++] = message;
}

/* Chooses the messages, in their order. false: the conversation will probably not go on. */
static bool choose(struct marker *m)
{
    const struct json *j = m->j;
    uint32_t tools = json_get(j, 0, "tools"), end = JSON_NONE, messages = json_get(j, 0, "messages");
    bool goes_on = json_is(j, tools, JSON_ARRAY) && json_first(j, tools), leading = true, has_system = false;
    for (uint32_t n = json_is(j, messages, JSON_ARRAY) ? json_first(j, messages) : JSON_NONE; n; n = json_next(j, n)) {
        bool assistant = is_role(j, n, "assistant");
        leading = leading && is_system(j, n);
        if (leading && can_be_marked(j, n)) {
            m->messages[0] = n;
            m->count = 1;
            has_system = true;
        } else if (assistant) {
            add_end(m, end, has_system);
            end = JSON_NONE;
        } else if (can_be_marked(j, n)) {
            end = n;
        }
        goes_on |= assistant;
    }
    add_end(m, end, has_system);
    return goes_on && m->count;
}

/* Writes the text up to `to`. */
static const char *copy_to(const char *from, const char *to, struct buf *out)
{
    buf_add(out, from, (size_t)(to - from));
    return to;
}

static bool write_marked(const struct marker *m, struct buf *out)
{
    struct slice body = json_raw(m->j, 0);
    const char *at = body.ptr;
    for (unsigned i = 0; i < m->count; i++) {
        uint32_t content = object_field(m->j, m->messages[i], "content");
        struct slice raw = json_raw(m->j, content);
        if (json_is(m->j, content, JSON_STRING)) {
            at = copy_to(at, raw.ptr, out);
            BUF_ADD(out, "[{\"type\":\"text\",\"text\":");
            at = copy_to(at, raw.ptr + raw.len, out);
            BUF_ADD(out, "," MARK "}]");
        } else {
            raw = json_raw(m->j, last_part(m->j, content));
            at = copy_to(at, raw.ptr + raw.len - 1, out); /* before its brace */
            BUF_ADD(out, "," MARK);
        }
    }
    copy_to(at, body.ptr + body.len, out);
    return !out->failed;
}

bool breakpoints_add(struct slice body, unsigned min_tokens, struct buf *out, bool *marked)
{
    struct json j = {0};
    struct marker m = {.j = &j};
    *marked = false;
    if (body.len < min_tokens)
        return true;
    if (!json_parse(&j, body.ptr, body.len)) {
        bool no_memory = j.no_memory;
        json_free(&j);
        return !no_memory;
    }
    *marked = !has_marks(&j) && choose(&m);
    bool made = !*marked || write_marked(&m, out);
    json_free(&j);
    return made;
}
