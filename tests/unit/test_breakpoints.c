/* Unit tests of proxy/bridge/breakpoints: where Anthropic's cache marks go, and where none do. */
#include "tests/unit/unit.h"

#include "proxy/bridge/breakpoints.h"

#include <stdio.h>
#include <string.h>

#define MARK "\"cache_control\":{\"type\":\"ephemeral\"}"
#define TOOLS ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]"
#define PLAIN(role, text) "{\"role\":\"" role "\",\"content\":\"" text "\"}"
#define MARKED(role, text) "{\"role\":\"" role "\",\"content\":[{\"type\":\"text\",\"text\":\"" text "\"," MARK "}]}"
#define CALL "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[]}"
#define S PLAIN("system", "s") ","
#define S_ MARKED("system", "s") ","

/* Messages, with what follows them in the body, and the messages that are sent; NULL: unchanged. */
static const struct {
    const char *messages, *rest, *sent;
} CASES[] = {
    {S PLAIN("user", "a"), TOOLS, S_ MARKED("user", "a")},
    {S PLAIN("user", "a") "," CALL "," PLAIN("tool", "b"), TOOLS,
     S_ MARKED("user", "a") "," CALL "," MARKED("tool", "b")},
    /* Several results: the last one. A new prompt behind an answer. */
    {S PLAIN("user", "a") "," CALL
                          "," PLAIN("tool", "b") "," PLAIN("tool",
                                                           "c") "," CALL
                                                                "," PLAIN("tool",
                                                                          "d") "," PLAIN("assistant",
                                                                                         "done") "," PLAIN("user",
                                                                                                           "more"),
     TOOLS,
     S_ PLAIN("user", "a") "," CALL
                           "," PLAIN("tool", "b") "," MARKED("tool",
                                                             "c") "," CALL
                                                                  "," MARKED("tool",
                                                                             "d") "," PLAIN("assistant",
                                                                                            "done") "," MARKED("user",
                                                                                                               "more")},
    /* Without a system message there is one more end. */
    {PLAIN("user", "a") "," CALL
                        "," PLAIN("tool", "b") "," CALL
                                               "," PLAIN("tool", "c") "," CALL
                                                                      "," PLAIN("tool", "d") "," CALL
                                                                                             "," PLAIN("tool", "e"),
     TOOLS,
     PLAIN("user", "a") "," CALL
                        "," MARKED("tool", "b") "," CALL
                                                "," MARKED("tool", "c") "," CALL
                                                                        "," MARKED("tool", "d") "," CALL
                                                                                                "," MARKED("tool",
                                                                                                           "e")},
    /* An answer is enough to go on, without tools; a single question is not. */
    {PLAIN("user", "a") "," PLAIN("assistant", "b") "," PLAIN("user", "c"), "",
     MARKED("user", "a") "," PLAIN("assistant", "b") "," MARKED("user", "c")},
    {S PLAIN("user", "a"), "", NULL},
    {S PLAIN("user", "a"), ",\"tools\":[]", NULL},
    /* The assistant's own beginning is not marked, nor an empty text. */
    {S PLAIN("user", "a") "," PLAIN("assistant", "b"), TOOLS, S_ MARKED("user", "a") "," PLAIN("assistant", "b")},
    {S PLAIN("user", "a") "," CALL "," PLAIN("tool", "b") "," PLAIN("tool", ""), TOOLS,
     S_ MARKED("user", "a") "," CALL "," MARKED("tool", "b") "," PLAIN("tool", "")},
    {S PLAIN("user", "a") "," CALL "," PLAIN("tool", ""), TOOLS, S_ MARKED("user", "a") "," CALL "," PLAIN("tool", "")},
    /* Parts: the last one, also a picture; what the word says in a text is not a mark. */
    {"{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"\\\"cache_control\\\"\"},"
     "{\"type\":\"image_url\",\"image_url\":{\"url\":\"u\"}}]}",
     TOOLS,
     "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"\\\"cache_control\\\"\"},"
     "{\"type\":\"image_url\",\"image_url\":{\"url\":\"u\"}," MARK "}]}"},
    {"{\"role\":\"user\",\"content\":[]}", TOOLS, NULL},
    /* The client's own marks. */
    {S "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"," MARK "}]}", TOOLS, NULL},
    {S "{\"role\":\"user\",\"content\":\"a\"," MARK "}", TOOLS, NULL},
    {S PLAIN("user", "a"), TOOLS "," MARK, NULL},
    {S PLAIN("user", "a"), ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}," MARK "}]", NULL},
    {"", TOOLS, NULL},
};

static char *add(const char *body, unsigned min_tokens, bool *marked)
{
    struct buf out;
    buf_init(&out, 1u << 16);
    assert_true(breakpoints_add(slice_of(body), min_tokens, &out, marked));
    assert_int_equal(out.len > 0, *marked);
    (void)buf_text(&out); /* ends it with a NUL */
    return out.data;
}

TEST(the_system_message_and_the_last_ends_are_marked)
{
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        char body[4096], sent[4096];
        bool marked;
        (void)snprintf(body, sizeof body, "{\"messages\" : [%s]%s}", CASES[i].messages, CASES[i].rest);
        (void)snprintf(sent, sizeof sent, "{\"messages\" : [%s]%s}", CASES[i].sent ? CASES[i].sent : "", CASES[i].rest);
        char *got = add(body, 0, &marked);
        if (marked != (CASES[i].sent != NULL) || (marked && strcmp(got, sent) != 0))
            fail_msg("%zu:\n%s\nis\n%s\nnot\n%s", i, body, marked ? got : "(unchanged)", sent);
        free(got);
    }
}

TEST(a_body_that_is_too_short_to_be_cached_is_not_marked)
{
    static const char body[] = "{\"messages\":[" S PLAIN("user", "a") "]" TOOLS "}";
    bool marked;
    free(add(body, sizeof body - 1, &marked));
    assert_true(marked);
    free(add(body, sizeof body, &marked));
    assert_false(marked);
}

static char *without_marks(char *text)
{
    static const char *const parts[] = {"[{\"type\":\"text\",\"text\":", "," MARK "}]"};
    for (size_t i = 0; i < 2; i++)
        for (char *at; (at = strstr(text, parts[i]));)
            memmove(at, at + strlen(parts[i]), strlen(at + strlen(parts[i])) + 1);
    return text;
}

/* Each turn has a mark where the one before it ended, and is the same but for the marks. */
TEST(each_turn_reads_what_the_one_before_it_wrote)
{
    char messages[1u << 14] = S PLAIN("user", "go");
    for (int turn = 0; turn < 9; turn++) {
        char body[1u << 15];
        bool marked;
        (void)snprintf(body, sizeof body, "{\"messages\":[%s]" TOOLS "}", messages);
        char *sent = add(body, 0, &marked);
        assert_true(marked);
        unsigned marks = 0;
        for (const char *at = sent; (at = strstr(at, MARK)); at++)
            marks++;
        assert_true(marks <= BREAKPOINTS_MAX);
        char end[128] = "\"go\"," MARK; /* of the turn before */
        if (turn > 1)
            (void)snprintf(end, sizeof end, "\"out%d-24\"," MARK, turn - 1);
        assert_non_null(strstr(sent, end));
        assert_string_equal(without_marks(sent), body);
        free(sent);
        size_t len = strlen(messages);
        len += (size_t)snprintf(messages + len, sizeof messages - len, "," CALL);
        for (int k = 0; k < 25; k++) /* more than 20 blocks */
            len += (size_t)snprintf(messages + len, sizeof messages - len, "," PLAIN("tool", "out%d-%d"), turn + 1, k);
        assert_true(len < sizeof messages);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_system_message_and_the_last_ends_are_marked),
        cmocka_unit_test(a_body_that_is_too_short_to_be_cached_is_not_marked),
        cmocka_unit_test(each_turn_reads_what_the_one_before_it_wrote),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
