/* Unit tests of proxy/keys/calls: the file survives its processes, belongs to one proxy, and is never trusted. */
#include "tests/unit/key_lab.h"

#include <signal.h>
#include <sys/wait.h>

static void reopen(unsigned slots)
{
    calls_close(lab.calls);
    lab_open_calls(slots);
}

/* calls_open() fails with this text, and the path in front. */
static void refuses(const char *path, const char *text)
{
    struct buf error;
    buf_init(&error, 1000);
    assert_null(calls_open(path, 64, &error));
    if (!strstr(buf_text(&error), text))
        print_error("%s\n", buf_text(&error));
    assert_non_null(strstr(buf_text(&error), text));
    assert_int_equal(strncmp(buf_text(&error), path, strlen(path)), 0);
    buf_free(&error);
}

TEST(slots_are_taken_and_given_back)
{
    struct call_slot *slots[64];
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < 64; i++) {
            slots[i] = calls_take(lab.calls);
            assert_non_null(slots[i]);
            assert_int_equal(slots[i]->id, round * 64 + i + 1);
            assert_true(slots[i]->nano == 0 && slots[i]->alias[0] == 0);
            slots[i]->nano = 5;
            slots[i]->alias[0] = 'x';
        }
        assert_null(calls_take(lab.calls));
        assert_int_equal(calls_in_use(lab.calls), 64);
        for (unsigned i = 0; i < 64; i++)
            calls_give_back(lab.calls, slots[(i * 37) % 64]);
        assert_int_equal(calls_in_use(lab.calls), 0);
    }
    assert_int_equal(calls_next_id(lab.calls), 193);
    calls_begin_at(lab.calls, 100);
    assert_int_equal(calls_take(lab.calls)->id, 193);
    calls_begin_at(lab.calls, 1000);
    assert_int_equal(calls_take(lab.calls)->id, 1000);
}

/* A process that is killed leaves what it held and what it spent. */
TEST(a_killed_process_leaves_its_calls)
{
    lab_new_key("sk-one", NULL);
    pid_t child = fork();
    if (child == 0) {
        struct key_hold hold;
        for (int i = 1; i <= 4; i++)
            if (lab_hold("sk-one", 10 * i, 0, &hold) && i % 2)
                lab_settle(&hold, i, 0);
        (void)kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
    keys_table_free(lab.table);
    lab.table = keys_table_new(10, NULL);
    reopen(64);
    assert_int_equal(calls_in_use(lab.calls), 4);
    int64_t open = 0, closed = 0;
    for (unsigned i = 0; (i = calls_find(lab.calls, CALL_OPEN, i)) < calls_end(lab.calls); i++)
        open += calls_slot(lab.calls, i)->held_nano;
    for (unsigned i = 0; (i = calls_find(lab.calls, CALL_CLOSED, i)) < calls_end(lab.calls); i++)
        closed += calls_slot(lab.calls, i)->nano;
    assert_true(open == 60 && closed == 4);
    gate_free_slot(&lab, calls_find(lab.calls, CALL_OPEN, 0));
    assert_int_equal(calls_in_use(lab.calls), 3);
    for (unsigned i = 0; i < 61; i++) /* all others are free */
        assert_true(calls_take(lab.calls)->id > 4);
    assert_null(calls_take(lab.calls));
    reopen(64); /* those were not opened: they are free again */
    assert_int_equal(calls_in_use(lab.calls), 3);
    assert_int_equal(calls_take(lab.calls)->id, 66);
}

TEST(the_number_of_slots_changes_when_none_is_in_use)
{
    struct call_slot *s = calls_take(lab.calls);
    s->state = CALL_CLOSED;
    reopen(128);
    for (unsigned i = 0; i < 63; i++)
        assert_non_null(calls_take(lab.calls));
    assert_null(calls_take(lab.calls));
    calls_give_back(lab.calls, calls_slot(lab.calls, 0));
    reopen(128);
    for (unsigned i = 0; i < 128; i++)
        assert_int_equal(calls_take(lab.calls)->id, 65 + i); /* ids go on */
    struct stat info;
    assert_int_equal(stat(folder_at("keys-calls"), &info), 0);
    assert_int_equal(info.st_size, 4096 + 128 * 512);
    assert_true(info.st_blocks * 512 >= info.st_size); /* allocated */
    assert_int_equal(info.st_mode & 07777, 0600);
}

TEST(one_proxy_at_a_time)
{
    refuses(folder_at("keys-calls"), "another proxy uses this key_store: stop it first");
    pid_t child = fork();
    if (child == 0)
        for (;;)
            (void)pause();
    calls_close(lab.calls); /* a process that inherited it still has it */
    refuses(folder_at("keys-calls"), "another proxy");
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    lab_open_calls(64);
}

TEST(other_files_are_refused)
{
    char page[8192] = "";
    put_text(folder_at("text"), "a file of somebody's\n", 0644);
    refuses(folder_at("text"), "is not a calls file");
    assert_int_equal(symlink("keys-calls", folder_at("link")), 0);
    refuses(folder_at("link"), "cannot open");
    refuses(folder_at("none/keys-calls"), "No such file or directory");
    refuses(folder, "cannot open");
    assert_int_equal(mkfifo(folder_at("pipe"), 0600), 0);
    refuses(folder_at("pipe"), "is not a regular file");
    uint32_t newer = 2;
    memcpy(page, "pmcalls", 8);
    memcpy(page + 8, &newer, sizeof newer);
    int fd = open(folder_at("newer"), O_WRONLY | O_CREAT, 0600);
    assert_int_equal(write(fd, page, sizeof page), (ssize_t)sizeof page);
    refuses(folder_at("newer"), "newer version");
    newer = 1;
    assert_int_equal(pwrite(fd, &newer, sizeof newer, 8), (ssize_t)sizeof newer);
    close(fd);
    refuses(folder_at("newer"), "damaged");
}

/* Whatever stands in a slot, it can be used. */
TEST(slots_are_repaired)
{
    for (unsigned i = 0; i < 8; i++)
        memset((char *)calls_take(lab.calls) + 4, 0xff, 508);
    static const uint64_t IDS[] = {0, 7, UINT64_MAX, 9, 10, 11, 12, 13};
    for (unsigned i = 0; i < 8; i++) {
        calls_slot(lab.calls, i)->id = IDS[i];
        calls_slot(lab.calls, i)->state = i < 6 ? CALL_OPEN : i; /* 6 and 7 are no states */
    }
    calls_slot(lab.calls, 4)->held_nano = INT64_MAX;
    reopen(64);
    assert_int_equal(calls_in_use(lab.calls), 4);
    struct call_slot *s = calls_slot(lab.calls, 4);
    assert_int_equal(s->held_nano, MONEY_MAX);
    assert_true(s->nano == 0 && s->tokens_in == 0 && s->ended_ms == 0);
    assert_int_equal(strlen(s->alias), sizeof s->alias - 1);
    assert_int_equal(strlen(s->session), sizeof s->session - 1);
    assert_int_equal(calls_next_id(lab.calls), 12);
    lab_new_key("sk-one", NULL);
    struct key_hold hold;
    for (unsigned i = 0; i < 60; i++)
        assert_true(lab_hold("sk-one", 1, 1, &hold));
    assert_false(lab_hold("sk-one", 1, 1, &hold));
}

TEST(an_interrupted_making_is_done_again)
{
    calls_close(lab.calls);
    assert_int_equal(truncate(folder_at("keys-calls"), 0), 0);
    assert_int_equal(truncate(folder_at("keys-calls"), 300), 0); /* zeros */
    lab_open_calls(64);
    assert_int_equal(calls_take(lab.calls)->id, 1);
    assert_int_equal(truncate(folder_at("keys-calls"), 5000), 0);
    calls_close(lab.calls);
    refuses(folder_at("keys-calls"), "damaged");
    lab.calls = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LAB_TEST(slots_are_taken_and_given_back),
        LAB_TEST(a_killed_process_leaves_its_calls),
        LAB_TEST(the_number_of_slots_changes_when_none_is_in_use),
        LAB_TEST(one_proxy_at_a_time),
        LAB_TEST(other_files_are_refused),
        LAB_TEST(slots_are_repaired),
        LAB_TEST(an_interrupted_making_is_done_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
