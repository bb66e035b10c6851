/* decision: measures a routing decision: plan_make() for a group of 10 deployments with traffic, by each strategy, and
 * with the adaptive router after the first one. Prints the CPU time per decision, least and median of several rounds.
 * Usage: bench/decision [ROUNDS] */
#include "proxy/route/adaptive.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define CANDIDATES 10
#define DECISIONS 20000 /* per round */
#define ROUNDS_MAX 101

struct world {
    struct config config;
    struct deployment deployments[CANDIDATES];
    struct health health[CANDIDATES];
    struct model_group group;
    const struct deployment *members[CANDIDATES];
    struct adaptive *adaptive;
};

static uint64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* A minute of attempts at all of them: windows are full, averages have weight, some have failed. */
static void use(struct world *w, uint64_t *now)
{
    struct failure f = {.kind = FAILURE_SERVER, .retry_after_s = -1};
    for (unsigned n = 0; n < 600; n++, *now += 100) {
        unsigned i = n % CANDIDATES;
        struct health_attempt attempt = health_started(&w->health[i], &w->config, &w->deployments[i], 4000, *now);
        struct outcome o = {.failure = n % 97 == 0 ? &f : NULL,
                            .status = 200,
                            .ttft_ms = 500 + n % 300,
                            .total_ms = 3000 + n,
                            .prompt_tokens = 4000,
                            .output_tokens = 200,
                            .cost_usd = 0.01,
                            .deployment_error = true};
        health_ended(&w->health[i], &w->config, &w->deployments[i], &attempt, &o, *now + 50);
        adaptive_learn(w->adaptive, &w->deployments[i], &w->health[i], &o, *now + 50, (int64_t)*now + 50);
    }
}

static void fill(struct world *w, uint64_t *now)
{
    w->config = (struct config){.num_retries = 2,
                                .cooldown_ms = 5000,
                                .allowed_fails = 3,
                                .deployments = w->deployments,
                                .deployment_count = CANDIDATES};
    strategy_settings_init(&w->config.strategy_settings);
    markov_settings_init(&w->config.adaptive, MARKOV_CALLS);
    w->config.adaptive.enabled = true;
    w->config.adaptive.shadow_mode = false;
    w->group = (struct model_group){.alias = "ten", .deployments = w->members, .count = CANDIDATES};
    for (unsigned i = 0; i < CANDIDATES; i++) {
        w->members[i] = &w->deployments[i];
        w->deployments[i] = (struct deployment){
            .index = i,
            .id = "d",
            .weight = 1 + i,
            .wires = WIRE_CHAT,
            .rpm = 6000,
            .tpm = 100000000,
            .max_in_flight = 32,
            .max_input_tokens = 100000,
            .price.input = 1e-6 * i,
            .price.cached_input = 1e-7,
            .price.cache_write = NAN,
            .price.output = 1e-5,
            .quality = 90 - i,
            .expected_ttft_ms = 900 + 50 * i,
            .expected_tokens_per_second = 60,
        };
    }
    w->adaptive = adaptive_new(&w->config);
    if (!w->adaptive)
        exit(1);
    use(w, now);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure(const struct world *w, enum strategy_id id, const struct adaptive *adaptive, unsigned rounds,
                    uint64_t now)
{
    double us[ROUNDS_MAX];
    unsigned first[CANDIDATES] = {0};
    for (unsigned r = 0; r < rounds; r++) {
        uint64_t start = cpu_ns();
        for (unsigned n = 0; n < DECISIONS; n++) {
            struct plan p;
            struct markov_decision d;
            struct plan_input in = {.config = &w->config,
                                    .group = &w->group,
                                    .wires = WIRES_BRIDGED,
                                    .health = w->health,
                                    .now_ms = now + n,
                                    .draw = n,
                                    .prompt_bytes = 16000,
                                    .strategy = strategy_get(id)};
            plan_make(&in, &p, NULL);
            if (adaptive)
                (void)adaptive_plan(adaptive, &in, &p, (int64_t)(now + n), &d);
            first[p.attempts[0]->index]++;
        }
        us[r] = (double)(cpu_ns() - start) / 1000 / DECISIONS;
    }
    qsort(us, rounds, sizeof *us, compare);
    printf("%-16s %6.2f %6.2f   ", adaptive ? "  and adaptive" : strategy_name(id), us[0], us[rounds / 2]);
    for (unsigned i = 0; i < CANDIDATES; i++)
        printf(" %3.0f", 100.0 * first[i] / DECISIONS / rounds);
    printf("\n");
}

int main(int argc, char **argv)
{
    static struct world w;
    uint64_t now = 1000000;
    long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 11;
    if (rounds < 1 || rounds > ROUNDS_MAX) {
        fprintf(stderr, "usage: bench/decision [ROUNDS, 1 to %d]\n", ROUNDS_MAX);
        return 2;
    }
    fill(&w, &now);
    printf("CPU time of a decision among %d, in µs\n%-16s %6s %6s    first attempts, %%\n", CANDIDATES, "strategy",
           "least", "median");
    for (enum strategy_id i = 0; i < STRATEGY_COUNT; i++) {
        measure(&w, i, NULL, (unsigned)rounds, now);
        if (i == STRATEGY_SIMPLE_SHUFFLE)
            measure(&w, i, w.adaptive, (unsigned)rounds, now);
    }
    adaptive_free(w.adaptive);
    return 0;
}
