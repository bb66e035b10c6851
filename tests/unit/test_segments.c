/* Unit tests of the segments of a prompt: the kind of an item, the bytes per segment, the turn, and the segment in
 * which the prefix changed; and of the table of earlier requests. */
#include "tests/unit/unit.h"
#include "common/fast_hash.h"
#include "proxy/bridge/item_head.h"
#include "proxy/bridge/segments.h"
#include "proxy/route/prefixes.h"

#define SEED 12345
#define MESSAGE(role, text) \
    "{\"type\":\"message\",\"role\":\"" role "\",\"content\":[{\"type\":\"input_text\",\"text\":\"" text "\"}]}"
#define CALL "{\"type\":\"function_call\",\"call_id\":\"c\",\"name\":\"f\",\"arguments\":\"{}\"}"
#define OUTPUT(text) "{\"type\":\"function_call_output\",\"call_id\":\"c\",\"output\":\"" text "\"}"
#define TOOLS "[{\"type\":\"function\",\"name\":\"f\"}]"
#define CODEX(tools, instructions, context, items)                                            \
    "{\"model\":\"m\",\"tools\":" tools                                                       \
    ",\"prompt_cache_key\":\"k\",\"input\":[" MESSAGE("developer", instructions) "," MESSAGE( \
        "developer", "<permissions instructions>") "," MESSAGE("user", "<environment_context>" context) items "]}"
#define FIRST "," MESSAGE("user", "Do it.")
#define SECOND FIRST "," CALL "," OUTPUT("done")
#define THIRD SECOND "," CALL "," OUTPUT("done again") "," MESSAGE("assistant", "There.") "," MESSAGE("user", "More.")

TEST(items_are_classified)
{
    static const struct {
        const char *item;
        enum item_class class;
    } cases[] = {
        {MESSAGE("user", "hi"), ITEM_IS_USER},
        {MESSAGE("developer", "hi"), ITEM_IS_SYSTEM},
        {MESSAGE("system", "hi"), ITEM_IS_SYSTEM},
        {MESSAGE("assistant", "hi"), ITEM_IS_MODEL},
        {MESSAGE("user", "<environment_context>\\n"), ITEM_IS_ENVIRONMENT},
        {MESSAGE("user", "# AGENTS.md instructions for /x"), ITEM_IS_ENVIRONMENT},
        {MESSAGE("user", "# A heading"), ITEM_IS_USER},
        {MESSAGE("user", "what is <environment_context>?"), ITEM_IS_USER},
        {MESSAGE("developer", "<environment_context>"), ITEM_IS_SYSTEM},
        {CALL, ITEM_IS_MODEL},
        {"{\"type\":\"reasoning\",\"summary\":[]}", ITEM_IS_MODEL},
        {"{\"type\":\"web_search_call\"}", ITEM_IS_MODEL},
        {OUTPUT("x"), ITEM_IS_OUTPUT},
        {"{\"type\":\"custom_tool_call_output\",\"call_id\":\"c\"}", ITEM_IS_OUTPUT},
        {"{\"type\":\"additional_tools\",\"role\":\"developer\",\"tools\":[]}", ITEM_IS_TOOLS},
        {"{\"type\":\"tool_search_output\",\"tools\":[]}", ITEM_IS_TOOLS},
        {"{\"role\":\"user\",\"content\":\"hi\"}", ITEM_IS_USER},
        {"{\"role\":\"user\",\"content\":\"<environment_context>\"}", ITEM_IS_ENVIRONMENT},
        {"{\"role\":\"system\",\"content\":\"hi\"}", ITEM_IS_SYSTEM},
        {"{\"role\":\"tool\",\"tool_call_id\":\"c\",\"content\":\"hi\"}", ITEM_IS_OUTPUT},
        /* in another order, with spaces, escapes and nesting before the role */
        {"{ \"content\" : [ {\"a\":[1,{\"role\":\"user\"}],\"b\":\"\\\\\\\"}]\"} ] , \"role\" : \"assistant\" }",
         ITEM_IS_MODEL},
        {"{\"content\":\"\\\"type\\\":\\\"x\\\"\",\"n\":-1.5e3,\"z\":null,\"role\" :\"developer\"\n}", ITEM_IS_SYSTEM},
        {"{\"id\":1,\"type\" : \"function_call_output\" , \"output\":\"\"}", ITEM_IS_OUTPUT},
        {"{\"a\":{},\"b\":[],\"role\":\"tool\"}", ITEM_IS_OUTPUT},
        {"{\"role\":\"user\",\"content\":[{\"type\":\"function_call\",\"role\":\"tool\"}]}", ITEM_IS_USER},
        {"{\"type\":null,\"role\":\"assistant\"}", ITEM_IS_MODEL},
        {"{\"type\":[\"x_output\"],\"role\":\"user\"}", ITEM_IS_USER},
        {"{}", ITEM_IS_USER},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct json j = {.elements = true, .classify = item_classify};
        char text[300];
        int len = snprintf(text, sizeof text, "{\"input\":[{\"type\":\"x\",\"role\":\"tool\"},%s]}", cases[i].item);
        assert_true(json_parse_top(&j, text, (size_t)len));
        uint32_t item = json_next(&j, json_first(&j, json_get(&j, 0, "input")));
        if (j.nodes[item].class != cases[i].class)
            fail_msg("%s is %d", cases[i].item, (int)j.nodes[item].class);
        json_free(&j);
    }
}

static struct prompt_segments read_among(const char *body, const struct prefix *lines, unsigned count, enum wire wire)
{
    struct model_request r = {0};
    struct model_request_error error;
    struct prompt_segments out;
    if (!model_request_read(&r, wire, SLICE(""), slice_of(body), &error))
        fail_msg("%s: %s", error.message, body);
    segments_read(&r, SEED, lines, count, &out);
    model_request_free(&r);
    return out;
}

static struct prompt_segments read(const char *body)
{
    return read_among(body, NULL, 0, WIRE_RESPONSES);
}

TEST(bytes_and_turn_of_a_codex_request)
{
    struct prompt_segments s = read(CODEX(TOOLS, "Be good.", "", THIRD));
    assert_int_equal(s.bytes[SEGMENT_TOOLS], strlen(TOOLS));
    assert_int_equal(s.bytes[SEGMENT_INSTRUCTIONS], strlen(MESSAGE("developer", "Be good.")));
    assert_int_equal(s.bytes[SEGMENT_ENVIRONMENT], strlen(MESSAGE("developer", "<permissions instructions>")
                                                              MESSAGE("user", "<environment_context>")));
    assert_int_equal(s.bytes[SEGMENT_TOOL_OUTPUT], strlen(OUTPUT("done") OUTPUT("done again")));
    assert_int_equal(s.bytes[SEGMENT_HISTORY], strlen(MESSAGE("user", "Do it.") CALL CALL MESSAGE("assistant", "There.")
                                                          MESSAGE("user", "More.")));
    assert_int_equal(s.prefix.items, 10);
}

TEST(turns_are_counted_by_the_models_replies)
{
    static const struct {
        const char *body;
        unsigned turn;
        enum wire wire;
    } cases[] = {
        {CODEX(TOOLS, "i", "", FIRST), 1, WIRE_RESPONSES},
        {CODEX(TOOLS, "i", "", SECOND), 2, WIRE_RESPONSES},
        {CODEX(TOOLS, "i", "", THIRD), 4, WIRE_RESPONSES},
        /* parallel calls are one reply */
        {CODEX(TOOLS, "i", "", FIRST "," CALL "," MESSAGE("assistant", "a") "," CALL "," OUTPUT("1") "," OUTPUT("2")),
         2, WIRE_RESPONSES},
        {"{\"model\":\"m\",\"input\":\"hi\"}", 1, WIRE_RESPONSES},
        {"{\"model\":\"m\",\"input\":\"hi\",\"previous_response_id\":\"r\"}", 0, WIRE_RESPONSES},
        {"{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":\"s\"},{\"role\":\"user\",\"content\":\"u\"},"
         "{\"role\":\"assistant\",\"content\":\"a\"},{\"role\":\"user\",\"content\":\"v\"}]}",
         2, WIRE_CHAT},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (read_among(cases[i].body, NULL, 0, cases[i].wire).turn != cases[i].turn)
            fail_msg("not turn %u: %s", cases[i].turn, cases[i].body);
}

static void expect_change(const char *before, const char *after, enum segment changed)
{
    struct prompt_segments first = read(before);
    struct prompt_segments second = read_among(after, &first.prefix, 1, WIRE_RESPONSES);
    if (second.changed != changed)
        fail_msg("%s, not %s: %s", segment_name(second.changed), segment_name(changed), after);
    assert_int_equal(second.line, 0);
}

TEST(a_longer_conversation_has_the_same_prefix)
{
    expect_change(CODEX(TOOLS, "i", "", FIRST), CODEX(TOOLS, "i", "", SECOND), SEGMENT_NONE);
    expect_change(CODEX(TOOLS, "i", "", SECOND), CODEX(TOOLS, "i", "", THIRD), SEGMENT_NONE);
    expect_change(CODEX(TOOLS, "i", "", FIRST), CODEX(TOOLS, "i", "", THIRD), SEGMENT_NONE);
    expect_change(CODEX(TOOLS, "i", "", FIRST), CODEX(TOOLS, "i", "", FIRST), SEGMENT_NONE);
    expect_change(CODEX(TOOLS, "i", "", FIRST),
                  CODEX(TOOLS, "i", "", FIRST "," MESSAGE("user", "<environment_context>")), SEGMENT_NONE);
}

TEST(the_changed_segment_is_named)
{
    const char *before = CODEX(TOOLS, "i", "a", SECOND);
    expect_change(before, CODEX(TOOLS, "j", "a", THIRD), SEGMENT_INSTRUCTIONS);
    expect_change(before, CODEX("[]", "i", "a", THIRD), SEGMENT_TOOLS);
    expect_change(before, CODEX(TOOLS, "i", "b", THIRD), SEGMENT_ENVIRONMENT);
    expect_change(before, CODEX(TOOLS, "i", "a", "," MESSAGE("user", "Do that.") "," CALL "," OUTPUT("done")),
                  SEGMENT_HISTORY);
    expect_change(before, CODEX(TOOLS, "i", "a", FIRST "," CALL "," OUTPUT("undone")), SEGMENT_TOOL_OUTPUT);
    expect_change(before, CODEX(TOOLS, "i", "a", FIRST "," CALL), SEGMENT_HISTORY); /* truncated */
    expect_change(before, CODEX(TOOLS, "j", "b", FIRST), SEGMENT_INSTRUCTIONS);     /* the first of several */
}

/* Codex's request for a title has the conversation's name, but neither its instructions nor its tools. */
TEST(request_of_another_kind_is_not_a_change)
{
    struct prefix lines[2] = {read(CODEX(TOOLS, "i", "", FIRST)).prefix};
    struct prompt_segments title = read_among(CODEX("[]", "t", "", FIRST), lines, 1, WIRE_RESPONSES);
    assert_int_equal(title.changed, SEGMENT_NONE);
    assert_int_equal(title.line, PREFIX_LINES);
    lines[1] = title.prefix;
    struct prompt_segments next = read_among(CODEX(TOOLS, "i", "", SECOND), lines, 2, WIRE_RESPONSES);
    assert_int_equal(next.changed, SEGMENT_NONE);
    assert_int_equal(next.line, 0);
}

/* Of several earlier requests, the one with the longest common prefix counts. */
TEST(most_similar_earlier_request_counts)
{
    struct prefix lines[] = {read(CODEX(TOOLS, "i", "", "," MESSAGE("user", "Another."))).prefix,
                             read(CODEX(TOOLS, "i", "", FIRST)).prefix, read(CODEX(TOOLS, "i", "", SECOND)).prefix};
    struct prompt_segments s = read_among(CODEX(TOOLS, "i", "", THIRD), lines, 3, WIRE_RESPONSES);
    assert_int_equal(s.changed, SEGMENT_NONE);
    assert_int_equal(s.line, 2);
    s = read_among(CODEX(TOOLS, "i", "", THIRD), (struct prefix[]){lines[1], lines[2], lines[0]}, 3, WIRE_RESPONSES);
    assert_int_equal(s.changed, SEGMENT_NONE);
    assert_int_equal(s.line, 1);
    s = read_among(CODEX(TOOLS, "i", "", THIRD), (struct prefix[]){lines[2], lines[1], lines[0]}, 3, WIRE_RESPONSES);
    assert_int_equal(s.line, 0);
}

TEST(image_counts_for_little_but_its_change_is_noticed)
{
    enum { PICTURE = 100000 };
    struct buf body;
    buf_init(&body, 2 * PICTURE);
    buf_add_text(&body, "{\"model\":\"m\",\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_image\","
                        "\"image_url\":\"data:image/png;base64,");
    for (unsigned i = 0; i < PICTURE; i++)
        buf_add_char(&body, 'A');
    buf_add_text(&body, "\"}]}]}");
    struct prompt_segments first = read(buf_text(&body));
    assert_true(first.bytes[SEGMENT_HISTORY] < 200);
    for (size_t i = body.len - PICTURE / 2; i < body.len - PICTURE / 2 + 64; i++) {
        body.data[i]++;
        assert_int_equal(read_among(buf_text(&body), &first.prefix, 1, WIRE_RESPONSES).changed, SEGMENT_HISTORY);
        body.data[i]--;
    }
    assert_int_equal(read_among(buf_text(&body), &first.prefix, 1, WIRE_RESPONSES).changed, SEGMENT_NONE);
    buf_free(&body);
}

TEST(request_with_too_many_items_has_no_segments)
{
    struct buf body;
    buf_init(&body, 1u << 20);
    buf_add_text(&body, "{\"model\":\"m\",\"input\":[{}");
    for (unsigned i = 0; i < JSON_ELEMENTS_MAX; i++)
        buf_add_text(&body, ",{}");
    buf_add_text(&body, "]}");
    assert_int_equal(read(buf_text(&body)).prefix.items, 0);
    buf_free(&body);
}

static uint64_t conversation(const char *messages)
{
    struct model_request r = {0};
    struct model_request_error error;
    struct buf body;
    buf_init(&body, 1u << 20);
    buf_add_format(&body, "{\"model\":\"m\",\"messages\":[%s]}", messages);
    assert_true(model_request_read(&r, WIRE_CHAT, SLICE(""), buf_slice(&body), &error));
    uint64_t name = r.conversation;
    model_request_free(&r);
    buf_free(&body);
    return name;
}

#define SAY(role, text) "{\"role\":\"" role "\",\"content\":\"" text "\"}"

/* If the client sends no name; for any length of the system message and of the conversation. */
TEST(conversation_is_identified_by_its_first_question)
{
    char system[2000], first[3000], second[4000], other[3000];
    snprintf(system, sizeof system, "{\"role\":\"system\",\"content\":\"%01500d\"}", 0);
    snprintf(first, sizeof first, "%s,%s", system, SAY("user", "one"));
    snprintf(second, sizeof second, "%s,%s,%s", first, SAY("assistant", "a"), SAY("user", "b"));
    snprintf(other, sizeof other, "%s,%s", system, SAY("user", "two"));
    assert_true(conversation(first) == conversation(second));
    assert_true(conversation(first) != conversation(other));
    assert_true(conversation(SAY("user", "hi")) == conversation(SAY("user", "hi") "," SAY("assistant", "a")));
    assert_true(conversation(SAY("user", "hi")) != conversation(SAY("user", "ho")));
}

TEST(lines_of_a_conversation_are_found_and_replaced)
{
    static struct prefixes all;
    struct prefix lines[PREFIX_LINES], one = {{1, 1, 1, 1, 1}, 1}, two = {{2, 2, 2, 2, 2}, 2}, title = {{9}, 9};
    assert_int_equal(prefixes_find(&all, 7, lines), 0);
    prefixes_record(&all, 7, NULL, &one);
    prefixes_record(&all, 7, NULL, &title);
    prefixes_record(&all, 7, &one, &two);
    prefixes_record(&all, 7, NULL, &two); /* once more */
    assert_int_equal(prefixes_find(&all, 7, lines), 2);
    assert_memory_equal(&lines[0], &two, sizeof two);
    assert_memory_equal(&lines[1], &title, sizeof title);
    assert_int_equal(prefixes_find(&all, 8, lines), 0);
    /* other conversations of the same set take the oldest entries */
    for (uint64_t i = 1; i < PREFIX_LINES; i++)
        prefixes_record(&all, 7 + i * PREFIX_SETS, NULL, &one);
    assert_int_equal(prefixes_find(&all, 7, lines), 1);
    assert_memory_equal(&lines[0], &two, sizeof two);
    prefixes_record(&all, 7 + PREFIX_LINES * PREFIX_SETS, NULL, &one);
    assert_int_equal(prefixes_find(&all, 7, lines), 0);
}

TEST(hash_changes_with_every_bit_and_length)
{
    char text[200] = {0};
    for (size_t len = 0; len < sizeof text; len++) {
        struct slice whole = {text, len};
        uint64_t before = fast_hash(whole, SEED);
        assert_true(before != fast_hash((struct slice){text, len + 1}, SEED) && before != fast_hash(whole, SEED + 1));
        for (size_t bit = 0; bit < len * 8; bit++) {
            text[bit / 8] ^= (char)(1u << bit % 8);
            assert_true((uint32_t)fast_hash(whole, SEED) != (uint32_t)before);
            text[bit / 8] ^= (char)(1u << bit % 8);
        }
    }
    /* the top bits of two words */
    uint64_t zeros = fast_hash((struct slice){text, 192}, SEED);
    text[7] ^= (char)0x80;
    text[71] ^= (char)0x80;
    assert_true(fast_hash((struct slice){text, 192}, SEED) != zeros);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_are_classified),
        cmocka_unit_test(bytes_and_turn_of_a_codex_request),
        cmocka_unit_test(turns_are_counted_by_the_models_replies),
        cmocka_unit_test(a_longer_conversation_has_the_same_prefix),
        cmocka_unit_test(the_changed_segment_is_named),
        cmocka_unit_test(request_of_another_kind_is_not_a_change),
        cmocka_unit_test(most_similar_earlier_request_counts),
        cmocka_unit_test(image_counts_for_little_but_its_change_is_noticed),
        cmocka_unit_test(request_with_too_many_items_has_no_segments),
        cmocka_unit_test(conversation_is_identified_by_its_first_question),
        cmocka_unit_test(lines_of_a_conversation_are_found_and_replaced),
        cmocka_unit_test(hash_changes_with_every_bit_and_length),
    };
    return cmocka_run_group_tests_name("segments", tests, NULL, NULL);
}
