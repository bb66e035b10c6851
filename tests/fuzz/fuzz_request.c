/* Fuzz target: the request translators. A decoded request can be encoded as JSON for both APIs and decoded again. */
#include "tests/fuzz/fuzz.h"
#include "proxy/bridge/pass.h"
#include "proxy/bridge/turn.h"

#include <stdlib.h>

static const struct carrier_keys KEYS = {.own = "fuzz"};

const char *const fuzz_seeds[] = {
    "{\"instructions\":\"i\",\"input\":[{\"role\":\"developer\",\"content\":\"d\"},{\"type\":\"message\",\"role\":\"user\","
    "\"content\":[{\"type\":\"input_text\",\"text\":\"u\\u00e9\"},{\"type\":\"input_image\",\"image_url\":\"x\"}]},"
    "{\"type\":\"reasoning\",\"encrypted_content\":\"pointsman-1.aaaaaaaaaaaaaaaaaaaaaaaa.A.s\"},"
    "{\"type\":\"function_call\",\"call_id\":\"A\",\"name\":\"f\",\"namespace\":\"n\",\"arguments\":\"{\\\"a\\\":1.0}\"},"
    "{\"type\":\"custom_tool_call\",\"call_id\":\"B\",\"name\":\"p\",\"input\":\"x\\ny\"},"
    "{\"type\":\"function_call_output\",\"call_id\":\"A\",\"output\":[{\"type\":\"input_image\",\"image_url\":\"x\"}]},"
    "{\"type\":\"custom_tool_call_output\",\"call_id\":\"B\",\"output\":\"o\"}],\"tools\":[{\"type\":\"custom\",\"name\":"
    "\"p\",\"format\":{\"syntax\":\"lark\",\"definition\":\"g\"}},{\"type\":\"namespace\",\"name\":\"n\",\"tools\":[{\"type\":"
    "\"function\",\"name\":\"f\",\"parameters\":{\"properties\":{\"a\":{\"encrypted\":true}}}}]}],\"tool_choice\":{\"type\":"
    "\"function\",\"name\":\"f\"},\"text\":{\"format\":{\"type\":\"json_schema\",\"name\":\"n\",\"schema\":{}}}}",
    "{\"messages\":[{\"role\":\"system\",\"content\":\"s\"},{\"role\":\"user\",\"content\":[{\"type\":\"image_url\","
    "\"image_url\":{\"url\":\"u\"}},{\"type\":\"file\",\"file\":{\"file_data\":\"d\",\"filename\":\"n\"}}]},{\"role\":"
    "\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"x\",\"type\":\"function\",\"function\":{\"name\":\"f\","
    "\"arguments\":\"{}\"}}]},{\"role\":\"tool\",\"tool_call_id\":\"x\",\"content\":\"r\"}],\"tools\":[{\"type\":"
    "\"function\",\"function\":{\"name\":\"f\",\"parameters\":{\"type\":\"object\"}}}],\"max_tokens\":5,\"response_format\":"
    "{\"type\":\"json_object\"}}",
    NULL,
};

static void must(bool truth)
{
    if (!truth)
        abort();
}

/* Encodes for `to`; the result must be a valid request of that API. */
static void check_encoding(const struct turn *t, enum wire to)
{
    const struct turn_options options = {.upstream_model = "m",
                                         .stream = true,
                                         .carrier_keys = &KEYS,
                                         .deployment_id = SLICE("d"),
                                         .thought_signatures = true};
    struct json doc = {0};
    struct turn_error error;
    struct buf out;
    buf_init(&out, 1u << 26);
    must(turn_encode(t, to, &options, &out));
    must(json_parse(&doc, out.data, out.len));
    struct turn *again = turn_decode(&doc, to, &error);
    must(again || (to == WIRE_CHAT && json_first(&doc, json_get(&doc, 0, "messages")) == JSON_NONE));
    turn_free(again);
    json_free(&doc);
    buf_free(&out);
}

/* A request that is passed through is JSON for the upstream's model. */
static void check_passing(const struct json *doc, unsigned ignores)
{
    struct buf own, out;
    struct pieces pieces;
    struct json passed = {0};
    buf_init(&own, 1u << 26);
    buf_init(&out, 1u << 26);
    must(pass_request(doc, &(struct pass_options){.upstream_model = "m", .ignores = ignores}, &own, &pieces) &&
         buf_add_pieces(&out, &pieces));
    must(json_parse(&passed, out.data, out.len) && json_string_is(&passed, json_get(&passed, 0, "model"), "m"));
    if (ignores & IGNORES_TOOL_CHOICE)
        must(!json_string_is(&passed, json_get(&passed, 0, "tool_choice"), "none"));
    json_free(&passed);
    buf_free(&own);
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json doc = {0};
    struct turn_error error;
    if (json_parse(&doc, (const char *)data, size) && json_type(&doc, 0) == JSON_OBJECT) {
        for (int wire = WIRE_CHAT; wire <= WIRE_RESPONSES; wire++) {
            struct turn *t = turn_decode(&doc, (enum wire)wire, &error);
            must(t || error.message[0]);
            if (!t)
                continue;
            check_encoding(t, WIRE_CHAT);
            check_encoding(t, WIRE_RESPONSES);
            turn_free(t);
        }
        check_passing(&doc, 0);
        check_passing(&doc, IGNORES_MAX_COMPLETION_TOKENS | IGNORES_TOOL_CHOICE);
    }
    json_free(&doc);
    return 0;
}
