/* Unit tests of proxy/upstream/login: renewals of the ChatGPT login at the same time as another process's. The token
 * endpoint is a stub that counts requests. flock() is wrapped, so that the other process can renew the login after we
 * read the file and before we lock it. */
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
static int calls;                 /* requests to the token endpoint */
static bool another_renews_first; /* before our next lock, another process renews the login */

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

/* Writes auth.json with an access token of that expiry. */
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
    int go; /* pipe: a byte makes it renew the login and end */
};

static void other_run(int go, int ready)
{
    char byte = 0;
    struct login_store s;
    if (!login_store_open(&s, folder) || login_store_lock(&s) != LOGIN_LOCK_HELD || write(ready, &byte, 1) != 1 ||
        read(go, &byte, 1) != 1)
        _exit(1);
    put(&s, VALID);
    _exit(0); /* releases the lock */
}

static struct other other_start(void)
{
    int go[2], ready[2];
    char byte;
    assert_int_equal(pipe(go), 0);
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0)
        other_run(go[0], ready[1]);
    assert_true(pid > 0);
    (void)close(go[0]);
    (void)close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    (void)close(ready[0]);
    return (struct other){pid, go[1]};
}

static void other_renew(const struct other *o)
{
    int status;
    assert_int_equal(write(o->go, "", 1), 1);
    (void)close(o->go);
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

struct result {
    bool done;
    enum failure_kind kind;
};

static void on_done(void *ctx, const struct failure *failure)
{
    *(struct result *)ctx = (struct result){true, failure ? failure->kind : FAILURE_NONE};
}

/* Returns a login whose token has expired. */
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

TEST(expired_login_is_renewed)
{
    struct login *l = expired_login(*state);
    struct result result = {0};
    struct login_wait w = {.done = on_done, .ctx = &result};
    struct failure f;
    assert_int_equal(login_get(l, &w, &f), LOGIN_WAITING);
    assert_int_equal(calls, 1);
    login_cancel(&w);
    login_free(l);
}

/* We get the lock at once, but the file has changed since we read it. A refresh token works once: a second renewal with
 * it would end the login. */
TEST(the_file_is_read_again_under_the_lock)
{
    struct login *l = expired_login(*state);
    struct login_wait w = {.done = on_done};
    struct failure f;
    another_renews_first = true;
    assert_int_equal(login_get(l, &w, &f), LOGIN_READY);
    assert_false(another_renews_first);
    assert_int_equal(calls, 0);
    login_free(l);
}

TEST(renewal_waits_for_the_lock)
{
    struct login *l = expired_login(*state);
    struct result result = {0};
    struct login_wait w = {.done = on_done, .ctx = &result};
    struct failure f;
    const struct other o = other_start();
    assert_int_equal(login_get(l, &w, &f), LOGIN_WAITING);
    other_renew(&o);
    while (!result.done)
        assert_int_equal(event_base_loop(*state, EVLOOP_ONCE), 0);
    assert_int_equal(result.kind, FAILURE_NONE);
    assert_int_equal(calls, 0);
    login_free(l);
}

static int set_up(void **state)
{
    if (!secret_init() || !mkdtemp(folder) || !(*state = event_base_new()))
        return -1;
    (void)snprintf(file, sizeof file, "%s/auth.json", folder);
    (void)snprintf(lock_file, sizeof lock_file, "%s/auth.json.lock", folder);
    FILE *created = fopen(file, "w"); /* login_store_write() only replaces a file */
    return created && fclose(created) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
    event_base_free(*state);
    return unlink(file) == 0 && unlink(lock_file) == 0 ? rmdir(folder) : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expired_login_is_renewed),
        cmocka_unit_test(the_file_is_read_again_under_the_lock),
        cmocka_unit_test(renewal_waits_for_the_lock),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
