/* Unit tests of proxy/record/journal, each in its own temporary folder. */
#include "tests/unit/folder.h"
#include "proxy/record/journal.h"
#include "proxy/terms/failure.h"

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <sys/resource.h>

#define MUCH ((struct log_limits){8u << 20, 8, NULL, ""})
#define FILES 8

static const struct provider GEMINI = {.prefix = "gemini"};
static struct deployment first = {.id = (char[]){"a/gemini/1"}, .model = (char[]){"gemini/flash"}, .provider = &GEMINI};
static struct deployment second = {.id = (char[]){"a/\"2\""}, .provider = &GEMINI};

static struct journal *open_at(const char *path, struct log_limits limits)
{
    struct buf error;
    buf_init(&error, 1024);
    struct journal *j = journal_open(path, &limits, &error);
    if (!j)
        print_error("%s\n", buf_text(&error));
    assert_non_null(j);
    buf_free(&error);
    return j;
}

static void record(struct journal *j, const struct journal_entry *entry)
{
    (void)journal_add(j, entry);
    journal_flush(j);
}

static void refused(const char *path, const char *part)
{
    struct buf error;
    buf_init(&error, 1024);
    assert_null(journal_open(path, &MUCH, &error));
    if (!strstr(buf_text(&error), part))
        fail_msg("\"%s\" does not contain \"%s\"", buf_text(&error), part);
    buf_free(&error);
}

/* Returns the file's text. Free it. */
static char *text_of(const char *path)
{
    char *text = calloc(1, 1u << 16);
    assert_non_null(text);
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        fail_msg("%s is not there", path);
    assert_true(read(fd, text, (1u << 16) - 1) >= 0);
    close(fd);
    return text;
}

static unsigned lines_in(const char *text)
{
    unsigned lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

static struct journal_entry plain_entry(void)
{
    return (struct journal_entry){
        .time_ms = 1700000000007,
        .request_id = "req_1",
        .alias = SLICE("codex-light"),
        .client_wire = WIRE_RESPONSES,
        .ttft_ms = -1,
        .total_ms = 5,
        .usage = USAGE_UNKNOWN,
        .cost_usd = NAN,
        .status = 503,
        .end = "failed",
    };
}

TEST(an_answered_request_is_logged)
{
    const struct journal_attempt attempts[] = {
        {.deployment = &second, .outcome = FAILURE_RATE_LIMIT, .status = 429, .ms = 12},
        {.deployment = &first, .outcome = FAILURE_NONE, .status = 200, .ms = 340},
    };
    struct plan plan = {.strategy = &STRATEGY_EXPECTED, .sticky = true, .choice_count = 3};
    plan.choices[0] = (struct choice){.deployment = &first, .score = 0.00412345};
    plan.choices[1] = (struct choice){.deployment = &second, .limit = LIMIT_COOLDOWN, .limit_s = 239.2f, .score = NAN};
    plan.choices[2] = (struct choice){.deployment = &first, .limit = LIMIT_WIRE, .score = 1};
    const struct prompt_segments prompt = {.bytes = {10, 21, 0, 4, 1}, .turn = 3, .changed = SEGMENT_TOOL_OUTPUT};
    const struct client_name client = {"codex_cli_rs", "0.142.1"};
    const struct journal_entry entry = {
        .time_ms = 1700000000007,
        .request_id = "req_1",
        .run_id = "run-1",
        .alias = SLICE("codex-\"light\"\n"),
        .plan = &plan,
        .client_wire = WIRE_RESPONSES,
        .stream = true,
        .upstream_wire = WIRE_CHAT,
        .attempts = attempts,
        .attempt_count = 2,
        .ttft_ms = 120,
        .total_ms = 352,
        .usage = {.input = 11, .cached_input = 4, .cache_write = 5, .output = 7, .reasoning = -1},
        .cost_usd = 0.0000775,
        .has_baseline = true,
        .baseline_usd = 0.5,
        .client = &client,
        .status = 200,
        .conversation = 0xfedcba9876543210,
        .prompt = &prompt,
        .bytes_per_token = 2,
        .end = "completed",
    };
    struct journal *j = open_at(folder_at(LOG_REQUESTS), MUCH);
    record(j, &entry);
    journal_close(j);
    char *text = text_of(folder_at(LOG_REQUESTS));
    assert_string_equal(
        text,
        "{\"timestamp\":\"2023-11-14T22:13:20.007Z\",\"request_id\":\"req_1\",\"run_id\":\"run-1\","
        "\"alias\":\"codex-\\\"light\\\"\\n\","
        "\"deployment\":\"a/gemini/1\",\"provider\":\"gemini\",\"model\":\"gemini/flash\","
        "\"client\":{\"name\":\"codex_cli_rs\",\"version\":\"0.142.1\"},"
        "\"conversation\":\"fedcba9876543210\",\"turn\":3,"
        "\"segments\":{\"instructions\":5,\"tools\":11,\"environment\":0,\"history\":2,\"tool_output\":1},"
        "\"prefix_changed\":\"tool_output\","
        "\"strategy\":\"expected-cost\",\"stuck\":true,\"candidates\":[{\"deployment\":\"a/gemini/1\",\"score\":0.004123},"
        "{\"deployment\":\"a/\\\"2\\\"\",\"limit\":\"resting\",\"limit_s\":240},"
        "{\"deployment\":\"a/gemini/1\",\"limit\":\"wire\"}],\"attempts\":["
        "{\"deployment\":\"a/\\\"2\\\"\",\"outcome\":\"rate_limit\",\"provider\":\"gemini\",\"status\":429,\"ms\":12},"
        "{\"deployment\":\"a/gemini/1\",\"outcome\":\"ok\",\"status\":200,\"ms\":340}],"
        "\"wire\":{\"client\":\"responses\",\"upstream\":\"chat\"},\"stream\":true,\"ttft_ms\":120,\"total_ms\":352,"
        "\"tokens\":{\"input\":11,\"cached\":4,\"cache_write\":5,\"output\":7,\"reasoning\":null,\"estimated\":false},"
        "\"cost_usd\":7.75e-05,\"baseline_usd\":0.5,\"dropped\":0,\"status\":200,\"end\":\"completed\"}\n");
    struct json json = {0};
    assert_true(json_parse(&json, text, strlen(text)));
    json_free(&json);
    free(text);
}

TEST(unknown_values_are_null)
{
    struct journal *j = open_at(folder_at(LOG_REQUESTS), MUCH);
    const struct client_name client = {"tool", ""};
    struct journal_entry entry = plain_entry();
    entry.client = &client;
    entry.has_baseline = true;
    entry.baseline_usd = NAN;
    record(j, &entry);
    journal_close(j);
    char *text = text_of(folder_at(LOG_REQUESTS));
    assert_string_equal(
        text,
        "{\"timestamp\":\"2023-11-14T22:13:20.007Z\",\"request_id\":\"req_1\",\"run_id\":null,\"alias\":\"codex-light\","
        "\"deployment\":null,\"provider\":null,\"client\":{\"name\":\"tool\",\"version\":null},"
        "\"strategy\":null,\"stuck\":false,\"candidates\":[],\"attempts\":[],"
        "\"wire\":{\"client\":\"responses\",\"upstream\":null},\"stream\":false,"
        "\"ttft_ms\":null,\"total_ms\":5,\"tokens\":{\"input\":null,\"cached\":null,\"cache_write\":null,"
        "\"output\":null,\"reasoning\":null,"
        "\"estimated\":false},\"cost_usd\":null,\"baseline_usd\":null,\"dropped\":0,\"status\":503,\"end\":\"failed\"}\n");
    free(text);
}

TEST(the_file_is_private)
{
    mode_t before = umask(0);
    struct stat info;
    journal_close(open_at(folder_at("new"), MUCH));
    assert_int_equal(stat(folder_at("new"), &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    put_text(folder_at("open"), "", 0666);
    journal_close(open_at(folder_at("open"), MUCH));
    assert_int_equal(stat(folder_at("open"), &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    umask(before);
}

TEST(links_and_devices_are_refused)
{
    put_text(folder_at("target"), "", 0600);
    assert_int_equal(symlink(folder_at("target"), folder_at("link")), 0);
    refused(folder_at("link"), "it is a symbolic link");
    assert_int_equal(mkfifo(folder_at("pipe"), 0600), 0);
    refused(folder_at("pipe"), "not a regular file");
    refused(folder, "can't open the file");
    refused(folder_at("absent/" LOG_REQUESTS), "No such file or directory");
}

TEST(lines_are_appended_after_a_torn_one)
{
    put_text(folder_at(LOG_REQUESTS), "{\"whole\":1}\n{\"torn", 0600);
    struct journal *j = open_at(folder_at(LOG_REQUESTS), MUCH);
    struct journal_entry entry = plain_entry();
    record(j, &entry);
    record(j, &entry);
    journal_close(j);
    char *text = text_of(folder_at(LOG_REQUESTS));
    assert_true(strncmp(text, "{\"whole\":1}\n{\"torn\n{\"timestamp\"", 30) == 0);
    assert_int_equal(lines_in(text), 4);
    free(text);
}

TEST(a_full_file_is_rotated)
{
    struct journal *j = open_at(folder_at(LOG_REQUESTS), (struct log_limits){FILES * 1400, FILES, NULL, ""});
    struct journal_entry entry = plain_entry();
    struct stat info;
    for (int i = 0; i < 10; i++)
        record(j, &entry);
    journal_close(j);
    char *now = text_of(folder_at(LOG_REQUESTS)), *before = text_of(folder_at(LOG_REQUESTS ".1"));
    assert_true(strlen(now) <= 1400 && strlen(before) <= 1400);
    assert_int_equal(lines_in(now), 2);
    assert_int_equal(lines_in(before), 2);
    assert_int_equal(stat(folder_at(LOG_REQUESTS), &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    free(now);
    free(before);
}

/* Two proxies may share a log: the second to find it full continues in the new file of the first. */
TEST(two_writers_lose_nothing)
{
    struct log_limits limits = {FILES * 1400, FILES, NULL, ""};
    struct journal *a = open_at(folder_at(LOG_REQUESTS), limits), *b = open_at(folder_at(LOG_REQUESTS), limits);
    struct journal_entry entry = plain_entry();
    for (int i = 0; i < 3; i++)
        record(a, &entry); /* rotates at the third */
    for (int i = 0; i < 3; i++)
        record(b, &entry); /* the first into the new file of the other, which is then full */
    journal_close(a);
    journal_close(b);
    int lines = 0;
    for (unsigned n = 0; n < 3; n++) {
        char *text = text_of(folder_at((const char *const[]){LOG_REQUESTS, LOG_REQUESTS ".1", LOG_REQUESTS ".2"}[n]));
        lines += (int)lines_in(text);
        free(text);
    }
    assert_int_equal(lines, 6);
}

/* RLIMIT_FSIZE simulates a full disk: one line is truncated, the next ones fail, later ones are complete. */
TEST(logging_resumes_after_a_full_disk)
{
    struct rlimit before, tight;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct journal *j = open_at(folder_at(LOG_REQUESTS), MUCH);
    struct journal_entry entry = plain_entry();
    record(j, &entry);
    struct stat info;
    assert_int_equal(stat(folder_at(LOG_REQUESTS), &info), 0);
    tight = before;
    tight.rlim_cur = (rlim_t)info.st_size + 20;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    record(j, &entry);
    record(j, &entry);
    assert_int_equal(journal_dropped(j), 2);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    record(j, &entry);
    assert_int_equal(journal_dropped(j), 2);
    journal_close(j);
    char *text = text_of(folder_at(LOG_REQUESTS));
    assert_int_equal(lines_in(text), 3);
    assert_non_null(strstr(text, "}\n{\"timestamp\":\"2023-1\n{\"timestamp\""));
    free(text);
}

int main(void)
{
    signal(SIGXFSZ, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_answered_request_is_logged, folder_enter, folder_leave),
        cmocka_unit_test_setup_teardown(unknown_values_are_null, folder_enter, folder_leave),
        cmocka_unit_test_setup_teardown(the_file_is_private, folder_enter, folder_leave),
        cmocka_unit_test_setup_teardown(links_and_devices_are_refused, folder_enter, folder_leave),
        cmocka_unit_test_setup_teardown(lines_are_appended_after_a_torn_one, folder_enter, folder_leave),
        cmocka_unit_test_setup_teardown(a_full_file_is_rotated, folder_enter, folder_leave),
        cmocka_unit_test_setup_teardown(two_writers_lose_nothing, folder_enter, folder_leave),
        cmocka_unit_test_setup_teardown(logging_resumes_after_a_full_disk, folder_enter, folder_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
