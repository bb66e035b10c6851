/* Renewals of the ChatGPT login that meet another process's. The token endpoint is a stub that counts; flock() is
 * wrapped, so that the other process can come in between our look at the file and our lock. */
#include "tests/unit/unit.h"

#include "common/secret.h"
#include "proxy/upstream/login.h"
#include "proxy/upstream/login_store.h"

#include <event2/event.h>
#include <sodium.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXPIRED 1 /* Unix time */
#define VALID 4000000000LL

static char folder[] = "/tmp/pm-login-XXXXXX";
static char file[64], lock_file[64];
static int calls;                 /* to the token endpoint */
static bool another_renews_first; /* before our next lock */

struct call *call_start(struct upstream *u, const struct call_request *request, const struct call_events *events,
                        void *ctx)
{
    static char call;
    (void)u;
    (void)request;
    (void)events;
    (void)ctx;
    calls++;
    return (struct call *)&call;
}

void call_cancel(struct call *c)
{
    (void)c;
}

/* auth.json with an access token of that expiry. */
static void put(const struct login_store *s, long long expires_s)
{
    char payload[64], encoded[128];
    struct buf text, why;
    buf_init(&text, 1024);
    buf_init(&why, 1024);
    (void)snprintf(payload, sizeof payload, "{\"exp\":%lld}", expires_s);
    (void)sodium_bin2base64(encoded, sizeof encoded, (const unsigned char *)payload, strlen(payload),
                            sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    if (!buf_add_format(&text, "{\"tokens\":{\"access_token\":\"e30.%s.c2ln\",\"refresh_token\":\"r\"}}", encoded) ||
        !login_store_write(s, buf_slice(&text), &why))
        abort();
    buf_free(&text);
    buf_free(&why);
}

/* Another process that holds the lock. */
struct other {
    pid_t pid;
    int tell; /* a byte makes it renew the login and end */
};

static void other_run(int told, int ready)
{
    char byte = 0;
    struct login_store s;
    if (!login_store_open(&s, folder) || login_store_lock(&s) != LOGIN_LOCK_HELD || write(ready, &byte, 1) != 1 ||
        read(told, &byte, 1) != 1)
        _exit(1);
    put(&s, VALID);
    _exit(0); /* which gives the lock back */
}

static struct other other_start(void)
{
    int tell[2], ready[2];
    char byte;
    assert_int_equal(pipe(tell), 0);
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0)
        other_run(tell[0], ready[1]);
    assert_true(pid > 0);
    (void)close(tell[0]);
    (void)close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    (void)close(ready[0]);
    return (struct other){pid, tell[1]};
}

static void other_renew(const struct other *o)
{
    int status;
    assert_int_equal(write(o->tell, "", 1), 1);
    (void)close(o->tell);
    assert_int_equal(waitpid(o->pid, &status, 0), o->pid);
    assert_int_equal(status, 0);
}

int __real_flock(int fd, int operation);
int __wrap_flock(int fd, int operation);

int __wrap_flock(int fd, int operation)
{
    if (another_renews_first) {
        another_renews_first = false;
        const struct other o = other_start();
        other_renew(&o);
    }
    return __real_flock(fd, operation);
}

struct asked {
    bool told;
    enum failure_kind kind;
};

static void on_told(void *ctx, const struct failure *failure)
{
    *(struct asked *)ctx = (struct asked){true, failure ? failure->kind : FAILURE_NONE};
}

/* A login whose token has expired. */
static struct login *expired_login(struct event_base *base)
{
    struct login_store s;
    assert_true(login_store_open(&s, folder));
    put(&s, EXPIRED);
    login_store_close(&s);
    calls = 0;
    struct login *l = login_new(base, NULL, &(struct login_options){.codex_home = folder});
    assert_non_null(l);
    return l;
}

TEST(alone_it_asks_the_endpoint)
{
    struct login *l = expired_login(*state);
    struct asked asked = {0};
    struct login_wait w = {.done = on_told, .ctx = &asked};
    struct failure f;
    assert_int_equal(login_get(l, &w, &f), LOGIN_WAITING);
    assert_int_equal(calls, 1);
    login_cancel(&w);
    login_free(l);
}

/* The lock is ours at once, but what we read before it is no longer so. A refresh token works once: a second renewal
 * with it would end the login. */
TEST(the_file_is_read_again_under_the_lock)
{
    struct login *l = expired_login(*state);
    struct login_wait w = {.done = on_told};
    struct failure f;
    another_renews_first = true;
    assert_int_equal(login_get(l, &w, &f), LOGIN_READY);
    assert_false(another_renews_first);
    assert_int_equal(calls, 0);
    login_free(l);
}

TEST(who_holds_the_lock_is_waited_for)
{
    struct login *l = expired_login(*state);
    struct asked asked = {0};
    struct login_wait w = {.done = on_told, .ctx = &asked};
    struct failure f;
    const struct other o = other_start();
    assert_int_equal(login_get(l, &w, &f), LOGIN_WAITING);
    other_renew(&o);
    while (!asked.told)
        assert_int_equal(event_base_loop(*state, EVLOOP_ONCE), 0);
    assert_int_equal(asked.kind, FAILURE_NONE);
    assert_int_equal(calls, 0);
    login_free(l);
}

static int set_up(void **state)
{
    if (!secret_init() || !mkdtemp(folder) || !(*state = event_base_new()))
        return -1;
    (void)snprintf(file, sizeof file, "%s/auth.json", folder);
    (void)snprintf(lock_file, sizeof lock_file, "%s/auth.json.lock", folder);
    FILE *made = fopen(file, "w"); /* login_store_write() replaces, it does not make */
    return made && fclose(made) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
    event_base_free(*state);
    return unlink(file) == 0 && unlink(lock_file) == 0 ? rmdir(folder) : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alone_it_asks_the_endpoint),
        cmocka_unit_test(the_file_is_read_again_under_the_lock),
        cmocka_unit_test(who_holds_the_lock_is_waited_for),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
