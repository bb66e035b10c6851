/* Property test of prompt caches: the messages or items that a provider got in turn N are a byte prefix of those of
 * turn N+1, and the tools, the instructions and the name of the conversation stay the same. For random conversations of
 * both APIs, each way through the bridge, and each part that a server may refuse.
 *
 * A turn ends with a tool's output or a message of the user or the system, and each call has its output by then.
 * Otherwise the end changes by intent: a call without an output gets "aborted", an assistant's last message may get
 * "Please go on." (PART_PREFILL) and joins the next one, a system message joins one that follows it. */
#include "tests/unit/unit.h"
#include "common/mix.h"
#include "proxy/bridge/carrier.h"
#include "proxy/bridge/provider_body.h"

#define CONVERSATIONS 60
#define TURNS 7

static const unsigned char KEY[CACHE_HINT_KEY_SIZE] = "the tests' key";
static const struct carrier_keys KEYS = {.own = "the tests' key"};
static uint64_t drawn;

static unsigned draw(unsigned below)
{
    drawn = mix(drawn);
    return (unsigned)(drawn % below);
}

/* The lists of one API, item by item, in the words of that API. */
struct writer {
    struct buf *items;
    enum wire wire;
    unsigned calls; /* so far */
    const char *deployment;
    bool instructions; /* Responses: the field is there */
};

static void item(struct writer *w, const char *format, ...) PRINTF_LIKE(2, 3);
static void item(struct writer *w, const char *format, ...)
{
    char text[2000];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (w->items->len)
        buf_add_char(w->items, ',');
    buf_add_text(w->items, text);
}

static void message(struct writer *w, const char *role, bool picture)
{
    bool chat = w->wire == WIRE_CHAT, model = strcmp(role, "assistant") == 0;
    const char *type = chat ? "text" : model ? "output_text" : "input_text";
    if (picture)
        item(w,
             chat ? "{\"role\":\"%s\",\"content\":[{\"type\":\"%s\",\"text\":\"look %u\"},{\"type\":\"image_url\","
                    "\"image_url\":{\"url\":\"data:image/png;base64,AA%u\"}}]}"
                  : "{\"type\":\"message\",\"role\":\"%s\",\"content\":[{\"type\":\"%s\",\"text\":\"look %u\"},"
                    "{\"type\":\"input_image\",\"image_url\":\"data:image/png;base64,AA%u\"}]}",
             role, type, draw(99), draw(99));
    else if (chat || draw(2))
        item(w, "{\"role\":\"%s\",\"content\":\"said \\\"%u\\\"\"}", role, draw(99));
    else
        item(w,
             "{\"id\":\"msg_%u\",\"type\":\"message\",\"role\":\"%s\",\"content\":[{\"type\":\"%s\",\"text\":\"a\"},"
             " {\"type\":\"%s\",\"text\":\"b %u\"}]}",
             draw(99), role, type, type, draw(99));
}

/* Another provider's reasoning, or ours with the state of the call that follows. */
static void reasoning(struct writer *w)
{
    struct buf sealed;
    char id[32];
    buf_init(&sealed, 4096);
    (void)snprintf(id, sizeof id, "call_%u", w->calls);
    if (draw(2))
        item(w, "{\"type\":\"reasoning\",\"id\":\"rs_%u\",\"summary\":[],\"encrypted_content\":\"gAAA%u\"}", draw(99),
             draw(99));
    else if (carrier_seal(&KEYS, slice_of(draw(3) ? w->deployment : "another"), slice_of(id), SLICE("signature"),
                          &sealed))
        item(w,
             "{\"type\":\"reasoning\",\"summary\":[{\"type\":\"summary_text\",\"text\":\"thought %u\"}],"
             "\"encrypted_content\":\"%s\"}",
             draw(99), buf_text(&sealed));
    buf_free(&sealed);
}

static void call(struct writer *w, unsigned n)
{
    static const char *const names[] = {"shell", "unknown tool", "patch", "mcp__x"};
    const char *name = names[draw(4)];
    if (strcmp(name, "patch") == 0)
        item(w, "{\"type\":\"custom_tool_call\",\"call_id\":\"call_%u\",\"name\":\"patch\",\"input\":\"*** %u\"}", n,
             draw(99));
    else
        item(w, "{\"type\":\"function_call\",\"call_id\":\"call_%u\",\"name\":\"%s\",\"arguments\":\"%s\"}", n, name,
             draw(5) ? "{\\\"cmd\\\":\\\"ls\\\"}" : "not JSON");
}

static void output(struct writer *w, unsigned n)
{
    if (w->wire == WIRE_CHAT)
        item(w, "{\"role\":\"tool\",\"tool_call_id\":\"call_%u\",\"content\":\"output %u\"}", n, draw(99));
    else if (draw(4))
        item(w, "{\"type\":\"function_call_output\",\"call_id\":\"call_%u\",\"output\":\"output %u\"}", n, draw(99));
    else
        item(w,
             "{\"type\":\"function_call_output\",\"call_id\":\"call_%u\",\"output\":[{\"type\":\"input_text\","
             "\"text\":\"a picture\"},{\"type\":\"input_image\",\"image_url\":\"data:image/png;base64,BB%u\"}]}",
             n, draw(99));
}

static void chat_reply(struct writer *w, unsigned calls)
{
    char list[1500] = "";
    for (unsigned i = 0; i < calls; i++)
        (void)
            snprintf(list + strlen(list), sizeof list - strlen(list),
                     "%s{\"id\":\"call_%u\",\"type\":\"function\",\"function\":{\"name\":\"%s\",\"arguments\":\"{}\"}}",
                     i ? "," : "", w->calls + i, draw(2) ? "shell" : "mcp__x");
    if (calls)
        item(w, "{\"role\":\"assistant\",\"content\":%s,\"tool_calls\":[%s]%s}", draw(2) ? "null" : "\"I look.\"", list,
             draw(3) ? "" : ",\"reasoning_content\":\"hm\"");
    else
        message(w, "assistant", false);
}

static void responses_reply(struct writer *w, unsigned calls, bool interleaved)
{
    for (unsigned i = draw(2); i > 0; i--)
        reasoning(w);
    if (!calls || draw(3) == 0)
        message(w, "assistant", false);
    for (unsigned i = 0; i < calls; i++) {
        call(w, w->calls + i);
        if (interleaved)
            output(w, w->calls + i);
        else if (draw(5) == 0)
            message(w, "assistant", false);
    }
}

/* A reply of the model, the outputs of its calls in any order, and what the user or the client says then. */
static void turn(struct writer *w)
{
    unsigned calls = draw(4), first = w->calls;
    bool interleaved = w->wire == WIRE_RESPONSES && draw(3) == 0;
    if (w->wire == WIRE_CHAT)
        chat_reply(w, calls);
    else
        responses_reply(w, calls, interleaved);
    bool backwards = draw(2);
    for (unsigned i = 0; i < calls && !interleaved; i++)
        output(w, first + (backwards ? calls - 1 - i : i));
    w->calls += calls;
    if (draw(6) == 0)
        output(w, 900 + draw(99)); /* of a call that is gone */
    if (draw(5) == 0)
        message(w, w->wire == WIRE_CHAT ? "system" : "developer", false);
    if (!calls || draw(4) == 0)
        message(w, "user", draw(4) == 0);
}

static void write_body(const struct writer *w, struct buf *out)
{
    bool chat = w->wire == WIRE_CHAT;
    buf_clear(out);
    buf_add_format(out, "{\"model\":\"m\",\"stream\":true,%s\"%s\":[",
                   !w->instructions ? "" : "\"instructions\":\"Be good.\",", chat ? "messages" : "input");
    buf_add_slice(out, buf_slice(w->items));
    buf_add_format(out, "],\"metadata\":{\"n\":\"%u\"},", draw(1000)); /* what may change, changes */
    buf_add_text(out,
                 chat ? "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"shell\"}},{\"type\":\"function\","
                        "\"function\":{\"name\":\"mcp__x\",\"parameters\":{\"type\":\"object\"}}}]"
                      : "\"tools\":[{\"type\":\"function\",\"name\":\"shell\"},{\"type\":\"custom\",\"name\":"
                        "\"patch\"},{\"type\":\"namespace\",\"name\":\"mcp\",\"tools\":[{\"type\":\"function\","
                        "\"name\":\"x\"}]}]");
    buf_add_text(out, draw(2) ? "}" : ",\"temperature\":0.5}");
}

/* The lists that a provider got. */
struct sent {
    struct buf messages, tools, rest; /* rest: instructions, and the conversation's name */
};

static void take(const struct json *j, const char *key, struct buf *out)
{
    uint32_t node = json_get(j, 0, key);
    buf_clear(out);
    if (node)
        buf_add_slice(out, json_raw(j, node));
    (void)buf_text(out);
}

static void send(const struct provider_body_options *options, enum wire wire, const struct buf *client,
                 struct sent *out)
{
    struct model_request request = {0};
    struct model_request_error error;
    struct provider_body body;
    struct failure failure = {.message = ""};
    struct buf whole;
    struct json j = {0};
    buf_init(&whole, 1u << 22);
    if (!model_request_read(&request, wire, SLICE(""), buf_slice(client), &error))
        fail_msg("%s: %s", error.message, client->data);
    if (!provider_body_make(&body, &request, buf_slice(client), options, &failure))
        fail_msg("%s: %s", failure.message, client->data);
    assert_true(buf_add_pieces(&whole, &body.pieces));
    assert_true(json_parse(&j, whole.data, whole.len));
    take(&j, body.wire == WIRE_CHAT ? "messages" : "input", &out->messages);
    take(&j, "tools", &out->tools);
    take(&j, "instructions", &out->rest);
    buf_add_text(&out->rest, body.hint.value);
    (void)buf_text(&out->rest);
    json_free(&j);
    buf_free(&whole);
    provider_body_free(&body);
    model_request_free(&request);
}

/* Without its last bracket, the list is how the later list begins; a comma follows. */
static bool continues(const struct buf *before, const struct buf *after)
{
    size_t len = before->len - 1;
    return after->len > len && memcmp(before->data, after->data, len) == 0 &&
           (after->data[len] == ',' || before->len == after->len);
}

static void converse(const struct provider_body_options *options, enum wire wire)
{
    struct buf items, client;
    struct sent sent[2];
    struct writer w = {&items, wire, 0, options->deployment->id, wire == WIRE_RESPONSES && draw(2)};
    buf_init(&items, 1u << 20);
    buf_init(&client, 1u << 21);
    for (unsigned i = 0; i < 2; i++) {
        buf_init(&sent[i].messages, 1u << 22);
        buf_init(&sent[i].tools, 1u << 20);
        buf_init(&sent[i].rest, 1u << 20);
    }
    message(&w, wire == WIRE_CHAT ? "system" : "developer", false);
    message(&w, "user", false);
    message(&w, "user", draw(3) == 0);
    for (unsigned i = 0; i < TURNS; i++) {
        const struct sent *before = &sent[(i + 1) % 2], *after = &sent[i % 2];
        write_body(&w, &client);
        send(options, wire, &client, &sent[i % 2]);
        if (i && !continues(&before->messages, &after->messages))
            fail_msg("refused parts %x: not a prefix:\n%s\n\n%s", options->omit->parts, before->messages.data,
                     after->messages.data);
        if (i)
            assert_string_equal(buf_text((struct buf *)&before->tools), buf_text((struct buf *)&after->tools));
        if (i)
            assert_string_equal(buf_text((struct buf *)&before->rest), buf_text((struct buf *)&after->rest));
        turn(&w);
    }
    for (unsigned i = 0; i < 2; i++) {
        buf_free(&sent[i].messages);
        buf_free(&sent[i].tools);
        buf_free(&sent[i].rest);
    }
    buf_free(&items);
    buf_free(&client);
}

/* Each part alone, none, and all that go together. */
static void check(const char *provider, enum wire from, unsigned wires)
{
    struct deployment d = {.id = "d1",
                           .model = "x/m",
                           .upstream_model = "gpt-5",
                           .wires = wires,
                           .provider = provider_find(slice_of(provider))};
    assert_non_null(d.provider);
    d.api_base = (char *)(uintptr_t)d.provider->api_base;
    d.prompt_cache = prompt_cache_find(d.provider, d.api_base, d.upstream_model);
    for (unsigned part = 0; part <= PART_COUNT; part++) {
        struct omissions omit = {.parts = part == PART_COUNT ? 0 : 1u << part};
        if (omit.parts & (PART_RESPONSES | PART_CHAT))
            continue;
        const struct provider_body_options options = {
            .deployment = &d, .omit = &omit, .carrier_keys = &KEYS, .hint_key = KEY};
        for (unsigned i = 0; i < CONVERSATIONS; i++) {
            drawn = mix(i + 1000 * part);
            converse(&options, from);
        }
    }
}

TEST(responses_to_chat)
{
    check("openai", WIRE_RESPONSES, WIRE_CHAT);
    check("gemini", WIRE_RESPONSES, WIRE_CHAT);
    check("deepseek", WIRE_RESPONSES, WIRE_CHAT);
}

TEST(chat_to_responses)
{
    check("openai", WIRE_CHAT, WIRE_RESPONSES);
}

TEST(responses_pass)
{
    check("openai", WIRE_RESPONSES, WIRE_RESPONSES);
}

TEST(chat_passes)
{
    check("openai", WIRE_CHAT, WIRE_CHAT);
    check("ollama", WIRE_CHAT, WIRE_CHAT);
}

TEST(responses_to_the_chatgpt_login)
{
    check("codex-oauth", WIRE_RESPONSES, WIRE_RESPONSES);
}

TEST(chat_to_the_chatgpt_login)
{
    check("codex-oauth", WIRE_CHAT, WIRE_RESPONSES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(responses_to_chat),
        cmocka_unit_test(chat_to_responses),
        cmocka_unit_test(responses_pass),
        cmocka_unit_test(chat_passes),
        cmocka_unit_test(responses_to_the_chatgpt_login),
        cmocka_unit_test(chat_to_the_chatgpt_login),
    };
    return cmocka_run_group_tests_name("prefix", tests, NULL, NULL);
}
