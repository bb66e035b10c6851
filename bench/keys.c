/* keys: measures the way of a call through virtual keys: a table of 100,000 keys, each with a team, a budget, a limit
 * of requests per minute and a list of models. Prints the resident memory of the table, with a tenth of the keys used
 * in one minute and with all of them, and the CPU time per call of each step, least and median of several rounds.
 * Usage: bench/keys [ROUNDS] */
#include "proxy/keys/gate.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define KEYS 100000
#define TEAMS 1000
#define CALLS 10000 /* per round */
#define ROUNDS_MAX 101
#define STEPS 4

static const char *const STEP_NAMES[STEPS] = {"find", "allow model", "hold", "settle"};

static struct gate gate;
static struct gate_time now = {1796126400000, 1000000};

static void must(bool truth, const char *what)
{
    if (truth)
        return;
    (void)fprintf(stderr, "bench/keys: %s\n", what);
    exit(1);
}

static uint64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static long shared_kb(void)
{
    long kb = 0;
    char line[256];
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f))
        (void)sscanf(line, "RssShmem: %ld", &kb);
    if (f)
        (void)fclose(f);
    return kb;
}

static struct slice secret_of(unsigned i, char text[64])
{
    return (struct slice){text, (size_t)snprintf(text, 64, "sk-%022u", i)};
}

static struct account_def account(enum account_kind kind, const char *name)
{
    struct account_def a = {.id = table_account_id(kind, slice_of(name)), .kind = kind, .name = slice_of(name)};
    a.rpm = 60;
    a.tpm = -1;
    a.parallel = 8;
    a.budget_count = 1;
    a.budgets[0] = (struct budget_def){5 * (int64_t)NANO_USD, {PERIOD_DAYS, 1, 0}};
    return a;
}

static void fill(void)
{
    static const char models[] = "codex-light\0codex-default";
    char name[80], alias[80], secret[64];
    for (unsigned i = 0; i < TEAMS; i++) {
        (void)snprintf(name, sizeof name, "team-%u", i);
        struct account_def team = account(ACCOUNT_TEAM, name);
        team.rpm = 1000000;
        team.parallel = -1;
        team.budgets[0].limit_nano = MONEY_MAX;
        must(table_put_account(gate.table, &team, now.unix_ms) == TABLE_OK, "no room for a team");
    }
    for (unsigned i = 0; i < KEYS; i++) {
        (void)snprintf(name, sizeof name, "%064x", i);
        struct account_def own = account(ACCOUNT_KEY, name);
        struct key_def key = {.account = own.id, .routes = KEY_ROUTE_ALL, .models.bytes = {models, sizeof models}};
        table_hash(secret_of(i, secret), key.hash);
        (void)snprintf(alias, sizeof alias, "team-%u", i % TEAMS);
        key.team = table_account_id(ACCOUNT_TEAM, slice_of(alias));
        (void)snprintf(alias, sizeof alias, "cloud-codex-%u", i);
        own.label = key.alias = slice_of(alias);
        must(table_put_account(gate.table, &own, now.unix_ms) == TABLE_OK, "no room for an account");
        must(table_put_key(gate.table, &key) == TABLE_OK, "no room for a key");
    }
}

/* Calls of keys from `first` on, all of them in one minute; adds the times of the steps. */
static void round_of(unsigned first, uint64_t times[STEPS])
{
    static struct key_ref refs[CALLS];
    static struct key_hold holds[CALLS];
    struct key_refusal refusal;
    struct key_bill bill = {.nano = 20000000, .tokens_in = 3000, .tokens_out = 200, .http_status = 200};
    char secret[64];
    uint64_t at[STEPS + 1] = {cpu_ns()};
    for (unsigned i = 0; i < CALLS; i++)
        must(gate_find(&gate, secret_of((first + i) % KEYS, secret), &now, &refs[i], &refusal), "a key is missing");
    at[1] = cpu_ns();
    for (unsigned i = 0; i < CALLS; i++)
        must(gate_allows_model(&gate, &refs[i], SLICE("codex-default"), SLICE("openai/gpt-5"), &refusal), "refused");
    at[2] = cpu_ns();
    for (unsigned i = 0; i < CALLS; i++) {
        struct key_need need = {.alias = SLICE("codex-default"),
                                .target = SLICE("openai/gpt-5"),
                                .nano = 30000000,
                                .tokens = 4000,
                                .request_id = SLICE("01234567-0123-0123-0123-0123456789ab")};
        must(gate_hold(&gate, &refs[i], &need, &now, &holds[i], &refusal), refusal.message);
    }
    at[3] = cpu_ns();
    for (unsigned i = 0; i < CALLS; i++)
        (void)gate_settle(&gate, &holds[i], &bill, &now, NULL);
    at[4] = cpu_ns();
    for (unsigned i = 0; (i = calls_find(gate.calls, CALL_CLOSED, i)) < calls_end(gate.calls); i++)
        gate_free_slot(&gate, i);
    for (unsigned i = 0; i < STEPS; i++)
        times[i] = (at[i + 1] - at[i]) / CALLS;
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void report(uint64_t times[STEPS][ROUNDS_MAX], unsigned rounds)
{
    uint64_t least = 0, median = 0;
    for (unsigned i = 0; i < STEPS; i++) {
        qsort(times[i], rounds, sizeof times[i][0], compare);
        (void)printf("%-14s %6.2f us least, %6.2f us median\n", STEP_NAMES[i], (double)times[i][0] / 1000,
                     (double)times[i][rounds / 2] / 1000);
        least += times[i][0];
        median += times[i][rounds / 2];
    }
    (void)printf("%-14s %6.2f us least, %6.2f us median\n", "all", (double)least / 1000, (double)median / 1000);
}

int main(int count, char **arguments)
{
    static uint64_t times[STEPS][ROUNDS_MAX];
    unsigned rounds = count > 1 ? (unsigned)strtoul(arguments[1], NULL, 10) : 31;
    char path[64];
    struct buf error;
    buf_init(&error, 4096);
    rounds = rounds >= 1 && rounds <= ROUNDS_MAX ? rounds : 31;
    (void)snprintf(path, sizeof path, "/tmp/pointsman-bench-keys-%d", (int)getpid());
    gate.table = keys_table_new(TABLE_CAPACITY, NULL);
    gate.calls = calls_open(path, 2 * CALLS, &error);
    must(gate.table && gate.calls, buf_message(&error));
    (void)unlink(path);
    long before = shared_kb();
    fill();
    (void)printf("%-14s %6.1f MB for %u keys\n", "table", (double)(shared_kb() - before) / 1024, KEYS);
    for (unsigned round = 0; round < rounds; round++) {
        uint64_t step[STEPS];
        now.mono_ms += 61000; /* windows of other keys become free */
        now.unix_ms += 61000;
        round_of(round * CALLS, step);
        for (unsigned i = 0; i < STEPS; i++)
            times[i][round] = step[i];
    }
    (void)printf("%-14s %6.1f MB, %u keys used in a minute\n", "in use", (double)(shared_kb() - before) / 1024, CALLS);
    report(times, rounds);
    for (unsigned first = 0; first < KEYS; first += CALLS)
        round_of(first, times[0]);
    (void)printf("%-14s %6.1f MB, all of them used in a minute\n", "in use", (double)(shared_kb() - before) / 1024);
    calls_close(gate.calls);
    keys_table_free(gate.table);
    return 0;
}
