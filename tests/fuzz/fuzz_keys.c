/* Fuzz target: durations, and the calls file. The input is a duration with its period, and a file that a proxy finds at
 * its start: whatever it says, it is refused with a message, or all its slots can be used. */
#include "tests/fuzz/fuzz.h"
#include "proxy/keys/calls.h"
#include "proxy/keys/periods.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SLOTS 4

const char *const fuzz_seeds[] = {
    "30d",
    "1mo",
    "90m",
    "24h",
    "3w",
    "876600h",
    "hourly",
    "pmcalls",                    /* the beginning of the file */
    "\"              ' '     ! ", /* CLOSED, and an id; spaces are zeros here */
    NULL,
};

static void must(bool truth)
{
    if (!truth)
        abort();
}

static void check_duration(struct slice text)
{
    struct period p = {0}, again = {0};
    char written[PERIOD_TEXT_SIZE], date[PERIOD_DATE_SIZE];
    int64_t now = 1796126400123;
    if (!periods_parse(text, &p))
        return;
    must(periods_parse(slice_of(period_text(&p, written)), &again) && period_equal(&p, &again));
    must(period_after(&p, now) > now);
    must(strlen(period_date(period_after(&p, now), date)) == 20);
    if (period_resets(&p))
        must(period_start(&p, now, NULL) <= now && period_next(&p, now, NULL) > now);
}

static bool is_text(const char *text, size_t size)
{
    return memchr(text, 0, size);
}

static void check_slot(const struct call_slot *s)
{
    must(s->id > 0 && s->nano >= 0 && s->nano <= MONEY_MAX && s->held_nano >= 0 && s->held_nano <= MONEY_MAX);
    must(s->tokens_in >= s->tokens_cached && s->tokens_cached >= 0 && s->tokens_out >= 0 && s->held_tokens >= 0);
    must(is_text(s->alias, sizeof s->alias) && is_text(s->model, sizeof s->model));
    must(is_text(s->request_id, sizeof s->request_id) && is_text(s->customer, sizeof s->customer) &&
         is_text(s->session, sizeof s->session));
}

/* Finds all slots, and frees them: then as many can be taken as the file has, each with an id above all others. */
static void check_calls(struct calls *c)
{
    unsigned found = 0, taken = 0;
    uint64_t last = 0;
    for (enum call_state state = CALL_OPEN; state <= CALL_CLOSED; state++)
        for (unsigned i = 0; (i = calls_find(c, state, i)) < calls_end(c); i++) {
            struct call_slot *s = calls_slot(c, i);
            check_slot(s);
            last = s->id > last ? s->id : last;
            found++;
        }
    must(found == calls_in_use(c) && calls_next_id(c) > last);
    for (struct call_slot *s; (s = calls_take(c)) != NULL; taken++)
        must(s->id > last && (last = s->id) != 0);
    must(taken + found >= 1);
}

/* Opens the file, in which the input stands from `at` on; `whole`: and nothing else. */
static void check_file(const char *path, const uint8_t *data, size_t size, off_t at, bool whole)
{
    struct buf error;
    buf_init(&error, 4096);
    if (!whole) { /* a file as it should be, before the input is written over it */
        calls_close(calls_open(path, SLOTS, &error));
        must(error.len == 0);
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    must(fd >= 0 && pwrite(fd, data, size, at) == (ssize_t)size && close(fd) == 0);
    struct calls *c = calls_open(path, SLOTS, &error);
    must(c ? error.len == 0 : error.len > 0);
    if (c)
        check_calls(c);
    calls_close(c);
    must(unlink(path) == 0);
    buf_free(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t bytes[SLOTS * 512];
    char path[64];
    check_duration((struct slice){(const char *)data, size});
    if (size == 0 || (data[0] >= '0' && data[0] <= '9'))
        return 0;
    (void)snprintf(path, sizeof path, "%s/pointsman-fuzz-calls-%d", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp",
                   (int)getpid());
    size = size < sizeof bytes ? size : sizeof bytes;
    for (size_t i = 0; i < size; i++)
        bytes[i] = data[i] ^ ' '; /* so that seeds can have zeros */
    check_file(path, data, size, 0, true);
    check_file(path, bytes, size < 40 ? size : 40, 8, false); /* the head, behind its magic */
    check_file(path, bytes, size, 4096, false);
    return 0;
}
