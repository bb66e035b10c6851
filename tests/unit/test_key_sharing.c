/* Unit tests of the key table under several processes: rates and budgets are exact, a killed process does no harm, and
 * the hot path neither allocates nor calls the system. */
#include "tests/unit/key_lab.h"
#include "proxy/keys/private.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define EVENTS 300000

/* What the processes of a test share. */
struct shared {
    _Atomic int lock; /* makes reading the clock and holding one step */
    _Atomic unsigned ready;
    uint64_t clock_ms;
    unsigned count;
    struct {
        uint64_t ms;
        int64_t tokens;
    } passed[EVENTS];
    _Atomic int64_t spent[8];
    _Atomic unsigned admitted;
};

static struct shared *shared_new(void)
{
    struct shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(s != MAP_FAILED);
    s->clock_ms = 1000000;
    return s;
}

static void shared_lock(struct shared *s)
{
    int free = 0;
    while (!atomic_compare_exchange_weak(&s->lock, &free, 1)) {
        free = 0;
        (void)sched_yield();
    }
}

static void wait_for(pid_t child)
{
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* Calls come at random, on average ten times as many as the limits allow, until `until_ms`. */
static void overload(struct shared *s, unsigned seed, int64_t tokens, uint64_t until_ms, unsigned mean_ms)
{
    struct key_ref ref = lab_find("sk-one");
    srand(seed);
    for (bool over = false; !over;) {
        struct key_hold hold = {0};
        int64_t need = tokens ? rand() % (2 * tokens) : 0;
        shared_lock(s);
        s->clock_ms += (uint64_t)rand() % (2 * mean_ms + 1);
        lab_now.mono_ms = s->clock_ms;
        over = s->clock_ms >= until_ms || s->count == EVENTS;
        bool passed = !over && lab_hold_for(&ref, 0, need, &hold);
        if (passed) {
            s->passed[s->count].tokens = need;
            s->passed[s->count++].ms = s->clock_ms;
        }
        atomic_store(&s->lock, 0);
        unsigned slot = hold.slot - 1;
        if (passed) {
            lab_settle(&hold, 0, need);
            gate_free_slot(&lab, slot);
        }
    }
}

/* Never more than the limit in 60 s; from the first full minute on, at least 99 % of it. */
static void check_rate(const struct shared *s, int64_t rpm, int64_t tpm, uint64_t until_ms)
{
    int64_t requests = 0, tokens = 0, after_requests = 0, after_tokens = 0;
    double minutes = (double)(until_ms - 1000000 - 60000) / 60000;
    for (unsigned last = 0, first = 0; last < s->count; last++) {
        requests++;
        tokens += s->passed[last].tokens;
        for (; s->passed[last].ms - s->passed[first].ms >= 60000; first++) {
            requests--;
            tokens -= s->passed[first].tokens;
        }
        assert_true(rpm < 0 || requests <= rpm);
        assert_true(tpm < 0 || tokens <= tpm);
        after_requests += s->passed[last].ms >= 1060000;
        after_tokens += s->passed[last].ms >= 1060000 ? s->passed[last].tokens : 0;
    }
    double used = rpm >= 0 ? (double)after_requests / ((double)rpm * minutes)
                           : (double)after_tokens / ((double)tpm * minutes);
    if (used < 0.99)
        print_error("rpm %ld, tpm %ld: %.4f used\n", (long)rpm, (long)tpm, used);
    assert_true(used >= 0.99);
}

static void rates(int64_t rpm, int64_t tpm, unsigned processes)
{
    struct shared *s = shared_new();
    struct account_def own = lab_account(ACCOUNT_KEY, "sk-one");
    int64_t tokens = tpm >= 0 ? tpm / 2000 : 0; /* on average */
    uint64_t until_ms = 1000000 + 60 * 60000;
    unsigned mean_ms = (unsigned)(6000 / (rpm >= 0 ? rpm : 2000));
    pid_t children[4];
    own.rpm = rpm;
    own.tpm = tpm;
    lab_new_key("sk-one", &own);
    for (unsigned i = 0; i < processes; i++)
        if ((children[i] = fork()) == 0) {
            overload(s, 18 + i, tokens, until_ms, mean_ms);
            _exit(0);
        }
    for (unsigned i = 0; i < processes; i++)
        wait_for(children[i]);
    check_rate(s, rpm, tpm, until_ms);
    (void)munmap(s, sizeof *s);
}

TEST(requests_per_minute_are_exact)
{
    rates(60, -1, 2);
}

TEST(many_requests_per_minute_are_exact)
{
    rates(1500, -1, 2);
}

TEST(tokens_per_minute_are_exact)
{
    rates(-1, 2000000, 2);
}

/* All processes at one moment: as many pass as may. */
TEST(limits_are_exact_without_a_clock)
{
    struct shared *s = shared_new();
    struct account_def own = lab_account(ACCOUNT_KEY, "sk-one");
    pid_t children[4];
    own.rpm = 20;
    own.parallel = 15;
    account_id id = lab_new_key("sk-one", &own);
    struct key_ref ref = lab_find("sk-one");
    for (unsigned i = 0; i < COUNT_OF(children); i++)
        if ((children[i] = fork()) == 0) {
            struct key_hold hold;
            atomic_fetch_add(&s->ready, 1);
            while (atomic_load(&s->ready) < COUNT_OF(children))
                (void)sched_yield();
            for (unsigned n = 0; n < 1000; n++)
                if (lab_hold_for(&ref, 0, 0, &hold))
                    atomic_fetch_add(&s->admitted, 1);
            _exit(0);
        }
    for (unsigned i = 0; i < COUNT_OF(children); i++)
        wait_for(children[i]);
    assert_int_equal(s->admitted, 15);
    assert_int_equal(lab_read(id).in_flight, 15);
    (void)munmap(s, sizeof *s);
}

/* Holds and settles at most what it held; adds what it spent to *spent. */
static void spend(const char *secret, unsigned seed, unsigned rounds, _Atomic int64_t *spent)
{
    struct key_ref ref = lab_find(secret);
    srand(seed);
    for (unsigned n = 0; n < rounds; n++) {
        struct key_hold hold;
        int64_t need = rand() % 5000;
        if (!lab_hold_for(&ref, need, 0, &hold))
            continue;
        unsigned slot = hold.slot - 1;
        if (n % 3 == 0)
            (void)sched_yield();
        if (n % 7 == 0) {
            gate_cancel(&lab, &hold, &lab_now);
            continue;
        }
        int64_t nano = rand() % (need + 1);
        lab_settle(&hold, nano, 0);
        gate_free_slot(&lab, slot);
        atomic_fetch_add(spent, nano);
    }
}

/* Two keys of one team: neither passes its budget, nor both together that of the team. */
static void make_family(struct account_def own[2], struct account_def *team)
{
    static const char *const SECRETS[] = {"sk-one", "sk-two"};
    *team = lab_account(ACCOUNT_TEAM, "core");
    lab_budget(team, 9000000, "1d");
    lab_put(team);
    for (unsigned i = 0; i < 2; i++) {
        own[i] = lab_account(ACCOUNT_KEY, SECRETS[i]);
        lab_budget(&own[i], 6000000, "1mo");
        lab_new_key(SECRETS[i], &own[i]);
        struct key_def key = lab_key(SECRETS[i]);
        key.team = team->id;
        lab_put_key(&key);
    }
}

TEST(budgets_are_never_passed)
{
    struct shared *s = shared_new();
    struct account_def own[2], team;
    make_family(own, &team);
    pid_t children[4], ended = 0;
    for (unsigned i = 0; i < COUNT_OF(children); i++)
        if ((children[i] = fork()) == 0) {
            spend(i % 2 ? "sk-two" : "sk-one", i, 20000, &s->spent[i % 2]);
            _exit(0);
        }
    for (unsigned left = COUNT_OF(children); left;) {
        const account_id ids[] = {own[0].id, own[1].id, team.id};
        for (unsigned k = 0; k < 3; k++) {
            struct account_state now = lab_read(ids[k]);
            assert_true(now.budgets[0].spent_nano + now.held_nano <= now.budgets[0].def.limit_nano);
            assert_true(now.held_nano >= 0);
        }
        int status;
        ended = waitpid(-1, &status, WNOHANG);
        assert_true(ended >= 0);
        assert_true(ended == 0 || status == 0);
        left -= ended > 0;
    }
    int64_t one = lab_read(own[0].id).total_nano, two = lab_read(own[1].id).total_nano;
    assert_int_equal(one, s->spent[0]);
    assert_int_equal(two, s->spent[1]);
    assert_int_equal(lab_read(team.id).total_nano, one + two);
    assert_true(one + two > 9000000 - 5000); /* and the budget was used */
    assert_int_equal(lab_read(team.id).held_nano, 0);
    assert_int_equal(lab_read(team.id).in_flight, 0);
    assert_int_equal(calls_in_use(lab.calls), 0);
    (void)munmap(s, sizeof *s);
}

TEST(a_process_killed_with_the_lock)
{
    struct shared *s = shared_new();
    struct key_hold hold;
    lab_new_key("sk-one", NULL);
    pid_t child = fork();
    if (child == 0) {
        table_lock(lab.table);
        atomic_store(&s->ready, 1);
        for (;;)
            (void)pause();
    }
    while (!atomic_load(&s->ready))
        (void)sched_yield();
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_true(lab_hold("sk-one", 1, 0, &hold)); /* also if it waits until the other has died */
    assert_int_equal(waitpid(child, NULL, 0), child);
    (void)lab_settle(&hold, 1, 0);
    table_lock(lab.table); /* it still is a lock: another process does not get it */
    child = fork();
    if (child == 0)
        _exit(pthread_mutex_trylock(&lab.table->head->mutex) != EBUSY);
    wait_for(child);
    table_unlock(lab.table);
    (void)munmap(s, sizeof *s);
}

/* Processes die at random moments; the last one goes on. What the dead held stays held, at most one call each. */
TEST(processes_killed_at_random)
{
    struct shared *s = shared_new();
    struct account_def own[2], team;
    make_family(own, &team);
    srand(18);
    for (unsigned i = 0; i < 200; i++) {
        atomic_store(&s->ready, 0);
        pid_t child = fork();
        if (child == 0) {
            atomic_store(&s->ready, 1);
            spend("sk-one", i, 1000000, &s->spent[0]);
            _exit(0);
        }
        while (!atomic_load(&s->ready))
            (void)sched_yield();
        spend("sk-two", i, (unsigned)rand() % 100, &s->spent[1]);
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, NULL, 0), child);
        spend("sk-two", i, 10, &s->spent[1]);
    }
    assert_int_equal(lab_read(own[1].id).held_nano, 0);
    assert_true(lab_read(own[0].id).held_nano <= 200 * 5000);
    assert_true(calls_in_use(lab.calls) <= 200);
    (void)munmap(s, sizeof *s);
}

static bool counting;
static unsigned allocations;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
    allocations += counting;
    return __real_malloc(size);
}

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
    allocations += counting;
    return __real_calloc(count, size);
}

void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size)
{
    allocations += counting;
    return __real_realloc(old, size);
}

/* The way of a call, with each kind of refusal. */
static void hot_path(void)
{
    struct key_ref ref, none;
    struct key_hold hold, other;
    struct gate_limits limits;
    struct gate_names names;
    char model[KEY_NAME_MAX + 1];
    assert_false(gate_find(&lab, SLICE("sk-wrong"), &lab_now, &none, &lab_refusal));
    assert_true(gate_find(&lab, SLICE("sk-one"), &lab_now, &ref, &lab_refusal));
    assert_true(gate_allows_route(&lab, &ref, KEY_ROUTE_LLM, SLICE("/v1/responses"), &lab_refusal));
    (void)gate_model_alias(&lab, &ref, SLICE("codex"), model);
    assert_true(gate_allows_model(&lab, &ref, SLICE("codex"), SLICE("openai/gpt"), &lab_refusal));
    assert_false(gate_allows_model(&lab, &ref, SLICE("no"), SLICE("no"), &lab_refusal));
    assert_true(lab_hold_for(&ref, USD(1), 1, &hold));
    assert_false(lab_hold_for(&ref, USD(9), 1, &other)); /* budget */
    assert_false(lab_hold_for(&ref, 0, 5000, &other));   /* rate */
    (void)gate_grow(&lab, &hold, USD(2), 20, &lab_now);
    gate_limits(&lab, &hold, &lab_now, &limits);
    gate_names(&lab, &ref, &names);
    (void)lab_settle(&hold, USD(1), 20);
    lab_pass(3600000); /* other periods, other windows */
    assert_true(lab_hold_for(&ref, USD(1), 1, &hold));
    gate_cancel(&lab, &hold, &lab_now);
    lab_pass(100);
}

TEST(no_allocation_and_no_system_call)
{
    struct account_def own = lab_account(ACCOUNT_KEY, "sk-one");
    own.rpm = 100;
    own.tpm = 4000;
    lab_budget(&own, USD(5), "1h");
    lab_new_key("sk-one", &own);
    struct key_def key = lab_key("sk-one");
    key.models = (struct key_list){{"codex", 6}};
    lab_put_key(&key);
    hot_path();
    counting = true;
    hot_path();
    counting = false;
    assert_int_equal(allocations, 0);
    pid_t child = fork();
    if (child == 0) { /* any system call but read, write and exit kills it */
        if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0)
            hot_path();
        (void)syscall(SYS_exit, 0);
    }
    wait_for(child);
}

static int enter(void **state)
{
    if (folder_enter(state) != 0)
        return -1;
    lab_make(100, 4096);
    return 0;
}

#define SHARING_TEST(name) cmocka_unit_test_setup_teardown(name, enter, lab_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHARING_TEST(requests_per_minute_are_exact), SHARING_TEST(many_requests_per_minute_are_exact),
        SHARING_TEST(tokens_per_minute_are_exact),   SHARING_TEST(limits_are_exact_without_a_clock),
        SHARING_TEST(budgets_are_never_passed),      SHARING_TEST(a_process_killed_with_the_lock),
        SHARING_TEST(processes_killed_at_random),    SHARING_TEST(no_allocation_and_no_system_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
