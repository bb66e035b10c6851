/* Unit tests of common/jsonl and common/log_files: rotation, the cap, killed writers, dropped lines. */
#include "tests/unit/folder.h"
#include "common/json.h"
#include "common/jsonl.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define FILES 8
#define FILE_BYTES 2000u
#define LIMITS ((struct log_limits){FILES * FILE_BYTES, FILES, NULL, ""})

static struct jsonl *open_log(const char *name, struct log_limits limits)
{
    struct buf error;
    buf_init(&error, 1024);
    struct jsonl *j = jsonl_open(folder_at(name), &limits, 4096, &error);
    if (!j)
        fail_msg("%s", buf_text(&error));
    buf_free(&error);
    return j;
}

static bool write_line(struct jsonl *j, unsigned n)
{
    buf_add_format(jsonl_line(j), "{\"n\":%u,\"fill\":\"%0*u\"}\n", n, (int)(n % 90), n);
    return jsonl_flush(j);
}

/* Returns the file's text; NULL: it is missing. Free it. */
static char *text_of(const char *path)
{
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        return NULL;
    char *text = calloc(1, 1u << 16);
    assert_non_null(text);
    assert_true(read(fd, text, (1u << 16) - 1) >= 0);
    close(fd);
    return text;
}

static const char *numbered(const char *log, unsigned n)
{
    char name[64];
    snprintf(name, sizeof name, n ? "%s.%u" : "%s", log, n);
    return folder_at(name);
}

static void assert_text(const char *name, const char *wanted)
{
    char *text = text_of(folder_at(name));
    assert_non_null(text);
    assert_string_equal(text, wanted);
    free(text);
}

/* The size of all files of a log, bytes, and adds their number to *files. */
static size_t size_of(const char *log, unsigned *files)
{
    int fds[LOG_FILES_MAX];
    size_t sum = 0;
    unsigned count = log_files_open(folder_at(log), fds, NULL);
    for (unsigned i = 0; i < count; i++) {
        struct stat info;
        assert_int_equal(fstat(fds[i], &info), 0);
        close(fds[i]);
        if (!info.st_nlink)
            continue; /* removed meanwhile */
        assert_true((size_t)info.st_size <= FILE_BYTES);
        sum += (size_t)info.st_size;
        ++*files;
    }
    return sum;
}

static void assert_cap(void)
{
    unsigned files = 0;
    size_t sum = size_of(LOG_REQUESTS, &files) + size_of(LOG_RUNS, &files);
    assert_true(sum <= LIMITS.total);
    assert_in_range(files, 0, FILES);
}

/* While others write: nothing rotates meanwhile, so that both logs are counted as of one moment. Else a file of one log
 * may be counted, and after it the file of the other log for which it was removed. */
static void assert_cap_among_writers(void)
{
    int lock = open(folder, O_RDONLY | O_DIRECTORY);
    assert_int_equal(flock(lock, LOCK_EX), 0);
    assert_cap();
    close(lock);
}

TEST(older_files_move_up)
{
    struct jsonl *j = open_log(LOG_REQUESTS, LIMITS);
    for (unsigned n = 1; n < 400; n++)
        assert_true(write_line(j, n));
    jsonl_close(j);
    unsigned last = 0, files = 0;
    for (unsigned i = FILES; i-- > 0;) {
        char *text = text_of(numbered(LOG_REQUESTS, i));
        if (!text)
            continue;
        unsigned first = (unsigned)strtoul(strstr(text, "\"n\":") + 4, NULL, 10);
        assert_true(!last || first == last + 1);
        for (char *at = text; (at = strstr(at, "\"n\":")); at++)
            last = (unsigned)strtoul(at + 4, NULL, 10);
        files++;
        free(text);
    }
    assert_int_equal(last, 399);
    assert_int_equal(files, FILES - 2); /* the current files of the other two logs are reserved */
    assert_cap();
}

/* One cap for all logs: the file written least recently goes, whichever log it is of. */
TEST(the_oldest_file_of_all_logs_is_removed)
{
    struct jsonl *runs = open_log(LOG_RUNS, LIMITS), *requests = open_log(LOG_REQUESTS, LIMITS);
    for (unsigned n = 0; access(folder_at(LOG_RUNS ".2"), F_OK) != 0; n++)
        assert_true(write_line(runs, n));
    for (unsigned n = 0; access(folder_at(LOG_RUNS ".1"), F_OK) == 0; n++) {
        assert_true(n < 1000);
        assert_true(write_line(requests, n));
        assert_cap();
    }
    assert_int_equal(access(folder_at(LOG_RUNS ".2"), F_OK), -1);
    assert_int_equal(access(folder_at(LOG_RUNS), F_OK), 0);
    jsonl_close(runs);
    jsonl_close(requests);
}

/* The session log has a name of its own. */
TEST(the_session_log_counts_too)
{
    struct log_limits limits = {FILES * FILE_BYTES, FILES, NULL, "mine.jsonl"};
    struct jsonl *mine = open_log("mine.jsonl", limits), *requests = open_log(LOG_REQUESTS, limits);
    for (unsigned n = 0; access(folder_at("mine.jsonl.3"), F_OK) != 0; n++)
        assert_true(write_line(mine, n));
    for (unsigned n = 0; access(folder_at("mine.jsonl.1"), F_OK) == 0; n++) {
        unsigned files = 0;
        assert_true(n < 1000);
        assert_true(write_line(requests, n));
        assert_true(size_of("mine.jsonl", &files) + size_of(LOG_REQUESTS, &files) <= limits.total);
        assert_in_range(files, 0, FILES - 2);
    }
    assert_int_equal(access(folder_at("mine.jsonl"), F_OK), 0);
    jsonl_close(mine);
    jsonl_close(requests);
}

TEST(names_of_a_session_log)
{
    static const char *const WRONG[] = {"",           ".jsonl", "a",       "a/b.jsonl", "..jsonl",  "a b.jsonl",
                                        LOG_REQUESTS, LOG_RUNS, LOG_DEBUG, LOG_SUMS,    "a.jsonl.1"};
    assert_true(log_files_session_name("codex-litellm-session.jsonl"));
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++)
        if (log_files_session_name(WRONG[i]))
            fail_msg("%s is accepted", WRONG[i]);
}

/* Earlier versions wrote larger files; a new configuration may have lower limits. */
TEST(larger_files_comply_when_a_log_is_opened)
{
    char *text = calloc(1, 7 * FILE_BYTES);
    assert_non_null(text);
    memset(text, 'x', 7 * FILE_BYTES - 2);
    text[7 * FILE_BYTES - 2] = '\n';
    put_text(folder_at(LOG_REQUESTS ".1"), text, 0600);
    struct jsonl *j = open_log(LOG_REQUESTS, LIMITS);
    assert_int_equal(access(folder_at(LOG_REQUESTS ".1"), F_OK), -1);
    jsonl_close(j);
    put_text(folder_at(LOG_REQUESTS), text, 0600);
    j = open_log(LOG_REQUESTS, LIMITS);
    assert_true(write_line(j, 1));
    jsonl_close(j);
    assert_text(LOG_REQUESTS, "{\"n\":1,\"fill\":\"1\"}\n");
    assert_cap();
    free(text);
}

/* A process that is killed while it renames leaves a gap. */
TEST(a_gap_is_filled)
{
    put_text(folder_at(LOG_REQUESTS ".2"), "2\n", 0600);
    put_text(folder_at(LOG_REQUESTS ".4"), "4\n", 0600);
    struct jsonl *j = open_log(LOG_REQUESTS, LIMITS);
    for (unsigned n = 0; access(folder_at(LOG_REQUESTS ".1"), F_OK) != 0; n++)
        assert_true(write_line(j, n));
    assert_text(LOG_REQUESTS ".2", "2\n");
    for (unsigned n = 0; access(folder_at(LOG_REQUESTS ".3"), F_OK) != 0; n++)
        assert_true(write_line(j, n));
    jsonl_close(j);
    assert_text(LOG_REQUESTS ".3", "2\n");
    assert_text(LOG_REQUESTS ".4", "4\n");
}

/* Another process is killed in the middle of a line while this one has the file open. */
TEST(only_the_torn_line_of_another_process_is_lost)
{
    struct jsonl *j = open_log(LOG_REQUESTS, LIMITS);
    assert_true(write_line(j, 1));
    int fd = open(folder_at(LOG_REQUESTS), O_WRONLY | O_APPEND);
    assert_int_equal(write(fd, "{\"to", 4), 4);
    close(fd);
    assert_true(write_line(j, 2));
    assert_true(write_line(j, 3));
    jsonl_close(j);
    assert_text(LOG_REQUESTS,
                "{\"n\":1,\"fill\":\"1\"}\n{\"to\n{\"n\":2,\"fill\":\"02\"}\n{\"n\":3,\"fill\":\"003\"}\n");
}

TEST(a_removed_file_is_created_again)
{
    struct jsonl *j = open_log(LOG_REQUESTS, LIMITS);
    assert_true(write_line(j, 1));
    assert_int_equal(unlink(folder_at(LOG_REQUESTS)), 0);
    assert_true(write_line(j, 2));
    jsonl_close(j);
    assert_text(LOG_REQUESTS, "{\"n\":2,\"fill\":\"02\"}\n");
}

/* Whole lines of a truncated write are not lost. */
TEST(dropped_lines_are_counted)
{
    struct rlimit before, tight;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct jsonl *j = open_log(LOG_REQUESTS, LIMITS);
    tight = before;
    tight.rlim_cur = 10;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    for (unsigned i = 0; i < 4; i++)
        BUF_ADD(jsonl_line(j), "12345\n");
    bool first = jsonl_flush(j);
    uint64_t first_dropped = j->dropped;
    BUF_ADD(jsonl_line(j), "12345\n");
    bool second = jsonl_flush(j);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0); /* before anything can fail: it holds for later tests too */
    assert_false(first);
    assert_int_equal(first_dropped, 3);
    assert_false(second);
    assert_int_equal(j->dropped, 4);
    BUF_ADD(jsonl_line(j), "67890\n");
    assert_true(jsonl_flush(j));
    assert_int_equal(j->dropped, 4);
    jsonl_close(j);
    assert_text(LOG_REQUESTS, "12345\n1234\n67890\n");
}

/* While a file can't be rotated, because a stopped process has the lock, lines are lost, and the cap holds. */
TEST(a_file_that_cannot_be_rotated_is_not_exceeded)
{
    struct jsonl *j = open_log(LOG_REQUESTS, LIMITS);
    int lock = open(folder, O_RDONLY | O_DIRECTORY);
    unsigned n = 0;
    assert_int_equal(flock(lock, LOCK_EX), 0);
    while (write_line(j, 60) && n < 1000)
        n++;
    assert_in_range(n, 10, 999);
    assert_int_equal(j->dropped, 1);
    assert_cap();
    close(lock);
    assert_true(write_line(j, 60));
    assert_int_equal(access(folder_at(LOG_REQUESTS ".1"), F_OK), 0);
    jsonl_close(j);
}

/* Progress of a process that writes and rotates. */
struct written {
    _Atomic unsigned begun, done; /* lines whose write has begun, and is done */
};

static _Noreturn void write_for_ever(const char *name, unsigned from, struct written *shared)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* if an assertion ends the test */
    struct jsonl *j = open_log(name, LIMITS);
    for (unsigned n = from;; n++) {
        shared->begun = n;
        if (write_line(j, n))
            shared->done = n;
    }
}

/* Counts the file's lines, whose numbers must continue *last. A killed writer may leave a torn line. */
static unsigned read_numbers(const char *path, unsigned *last, unsigned *lines)
{
    unsigned torn = 0;
    char *text = text_of(path), *rest = text;
    for (char *line; text && (line = strsep(&rest, "\n")) && *line;) {
        struct json j = {0};
        int64_t n = 0;
        if (!json_parse(&j, line, strlen(line)))
            torn++;
        else if (++*lines && json_int64(&j, json_get(&j, 0, "n"), &n) && *last)
            assert_int_equal(n, *last + 1);
        *last = n ? (unsigned)n : *last;
        json_free(&j);
    }
    free(text);
    return torn;
}

static struct written *share_progress(void)
{
    struct written *shared = mmap(NULL, 2 * sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(shared != MAP_FAILED);
    return shared;
}

static void kill_writer(pid_t child)
{
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

/* SIGKILL during writes and rotations: written lines are there, in order, and the next writer continues after them. */
TEST(a_killed_writer_loses_nothing)
{
    struct written *shared = share_progress();
    unsigned torn = 0, rounds = getenv("POINTSMAN_LONG") ? 200 : 8;
    for (unsigned round = 0; round < rounds; round++) {
        unsigned from = shared->begun + 1, last = 0, lines = 0;
        shared->done = shared->begun = from - 1;
        pid_t child = fork();
        if (child == 0)
            write_for_ever(LOG_REQUESTS, from, shared);
        while (shared->done < from + 200 + round * 7 % 50 && waitpid(child, NULL, WNOHANG) == 0)
            ; /* after several rotations, at any point */
        kill_writer(child);
        for (unsigned i = LOG_FILES_MAX; i-- > 0;)
            torn += read_numbers(numbered(LOG_REQUESTS, i), &last, &lines);
        assert_true(lines > 12); /* at least one file of lines is always there */
        assert_in_range(last, shared->done, shared->begun);
        assert_cap();
        shared->begun = last; /* the first line of the next writer */
    }
    assert_true(torn <= rounds);
    munmap(shared, 2 * sizeof *shared);
}

/* Two processes write to one log, a third to another. Each is killed at some point, and begins again. */
TEST(the_cap_holds_with_several_writers)
{
    static const char *const NAMES[] = {LOG_REQUESTS, LOG_REQUESTS, LOG_RUNS};
    struct written *shared = share_progress();
    pid_t writers[3] = {0};
    for (unsigned round = 0; round < (getenv("POINTSMAN_LONG") ? 300u : 12u); round++) {
        pid_t *writer = &writers[round % 3];
        if (*writer)
            kill_writer(*writer);
        if ((*writer = fork()) == 0)
            write_for_ever(NAMES[round % 3], 1, &shared[round % 2]);
        for (unsigned i = 0; i < 30; i++)
            assert_cap_among_writers();
    }
    for (unsigned i = 0; i < 3; i++)
        kill_writer(writers[i]);
    assert_cap();
    munmap(shared, 2 * sizeof *shared);
}

int main(void)
{
    signal(SIGXFSZ, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(older_files_move_up, folder_enter, folder_leave),
        cmocka_unit_test_setup_teardown(the_oldest_file_of_all_logs_is_removed, folder_enter, folder_leave),
        cmocka_unit_test_setup_teardown(the_session_log_counts_too, folder_enter, folder_leave),
        cmocka_unit_test(names_of_a_session_log),
        cmocka_unit_test_setup_teardown(larger_files_comply_when_a_log_is_opened, folder_enter, folder_leave),
        cmocka_unit_test_setup_teardown(a_gap_is_filled, folder_enter, folder_leave),
        cmocka_unit_test_setup_teardown(only_the_torn_line_of_another_process_is_lost, folder_enter, folder_leave),
        cmocka_unit_test_setup_teardown(a_removed_file_is_created_again, folder_enter, folder_leave),
        cmocka_unit_test_setup_teardown(dropped_lines_are_counted, folder_enter, folder_leave),
        cmocka_unit_test_setup_teardown(a_file_that_cannot_be_rotated_is_not_exceeded, folder_enter, folder_leave),
        cmocka_unit_test_setup_teardown(a_killed_writer_loses_nothing, folder_enter, folder_leave),
        cmocka_unit_test_setup_teardown(the_cap_holds_with_several_writers, folder_enter, folder_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
