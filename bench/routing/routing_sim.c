/* routing_sim: runs strategies through the scenarios of a workload, in virtual time, and reports; see --help. */
#include "bench/routing/report.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OUTPUT_MAX ((size_t)64 << 20) /* bytes */

static const char HELP[] =
    "usage: routing-sim [OPTION…]\n\n"
    "Runs routing strategies, the production code among them, through a fixed workload in virtual time.\n\n"
    "  --workload FILE      workload to run (default: bench/routing-workload.yaml)\n"
    "  --seed-base N        first seed (default: the file's seeds.report; seeds.tune is for tuning)\n"
    "  --seeds N            number of seeds (default: the file's seeds.count)\n"
    "  --scenario NAME,…    only these\n"
    "  --strategy NAME,…    only these; the others are compared with static and state_oracle\n"
    "  --json               print one JSON object instead of tables\n"
    "  --help               print this help\n\n"
    "The same seeds give the same output, byte for byte.\n";

const struct policy *const POLICIES[] = {&POLICY_STATIC_ONCE,
                                         &POLICY_STATIC,
                                         &POLICY_STATIC_BREAKER,
                                         &POLICY_SIMPLE_SHUFFLE,
                                         &POLICY_LITELLM_LATENCY,
                                         &POLICY_SEED_SOFTMAX,
                                         &POLICY_SEED_MARKOV,
                                         &POLICY_P2C,
                                         &POLICY_DEFAULT,
                                         &POLICY_RISK_ADJUSTED,
                                         &POLICY_PRODUCTION_SHUFFLE,
                                         &POLICY_PRODUCTION_ORDER,
                                         &POLICY_PRODUCTION_ADAPTIVE,
                                         &POLICY_STATE_ORACLE,
                                         &POLICY_CLAIRVOYANT,
                                         NULL};

struct options {
    const char *workload, *scenarios, *strategies;
    long long seed_base; /* -1: the file's */
    unsigned seeds;      /* 0: the file's */
    bool json;
};

static unsigned long long read_count(const char *option, const char *text)
{
    char *end;
    unsigned long long value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || value > 1ull << 53) {
        fprintf(stderr, "routing-sim: %s takes a whole number, not \"%s\"\n", option, text);
        exit(2);
    }
    return value;
}

static struct options read_options(int argc, char **argv)
{
    static const struct option LONG[] = {
        {"workload", required_argument, NULL, 'w'}, {"seed-base", required_argument, NULL, 'b'},
        {"seeds", required_argument, NULL, 'n'},    {"scenario", required_argument, NULL, 's'},
        {"strategy", required_argument, NULL, 'p'}, {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},           {NULL, 0, NULL, 0}};
    struct options o = {.workload = "bench/routing-workload.yaml", .seed_base = -1};
    for (int c; (c = getopt_long(argc, argv, "h", LONG, NULL)) != -1;) {
        switch (c) {
        case 'w': o.workload = optarg; break;
        case 'b': o.seed_base = (long long)read_count("--seed-base", optarg); break;
        case 'n': o.seeds = (unsigned)read_count("--seeds", optarg); break;
        case 's': o.scenarios = optarg; break;
        case 'p': o.strategies = optarg; break;
        case 'j': o.json = true; break;
        case 'h': fputs(HELP, stdout); exit(0);
        default: fputs(HELP, stderr); exit(2);
        }
    }
    if (optind < argc) {
        fputs(HELP, stderr);
        exit(2);
    }
    return o;
}

/* Whether the name is in the list, separated by commas; NULL: all are. */
static bool listed(const char *list, const char *name)
{
    size_t len = strlen(name);
    for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
        if (strncmp(at, name, len) == 0 && (at[len] == ',' || at[len] == '\0'))
            return true;
    return !list;
}

static void check_list(const char *list, const char *option, bool (*known)(const struct workload *, const char *),
                       const struct workload *w)
{
    for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        char name[NAME_MAX_LEN];
        snprintf(name, sizeof name, "%.*s", (int)strcspn(at, ","), at);
        if (!known(w, name)) {
            fprintf(stderr, "routing-sim: %s: unknown name \"%s\"\n", option, name);
            exit(2);
        }
    }
}

static bool is_scenario(const struct workload *w, const char *name)
{
    for (unsigned i = 0; i < w->scenario_count; i++)
        if (strcmp(w->scenarios[i].name, name) == 0)
            return true;
    return false;
}

static bool is_strategy(const struct workload *w, const char *name)
{
    (void)w;
    for (const struct policy *const *p = POLICIES; *p; p++)
        if (strcmp((*p)->name, name) == 0)
            return true;
    return false;
}

/* Runs one seed of a scenario under all policies, with the same world for each. */
static bool run_seed(struct results *r, unsigned scenario, unsigned seed)
{
    const struct scenario *s = &r->workload->scenarios[scenario];
    struct world *world = world_open(r->workload, s, r->seed_base + seed);
    if (!world)
        return false;
    unsigned count = world_requests(world);
    struct served *served = calloc(count + 1, sizeof *served);
    bool good = served != NULL;
    for (unsigned p = 0; good && p < r->policy_count; p++)
        good = world_run(world, r->policies[p], served) &&
               tally_add(&r->tallies[scenario][p], s, served, count, r->workload->limits.warmup, seed, r->seeds);
    free(served);
    world_close(world);
    return good;
}

static bool run_all(struct results *r, const char *scenarios)
{
    bool terminal = isatty(STDERR_FILENO);
    for (unsigned i = 0; i < r->workload->scenario_count; i++) {
        if (!listed(scenarios, r->workload->scenarios[i].name))
            continue;
        for (unsigned seed = 0; seed < r->seeds; seed++) {
            if (terminal)
                fprintf(stderr, "\r\033[K%u of %u: %s, seed %u of %u", i + 1, r->workload->scenario_count,
                        r->workload->scenarios[i].name, seed + 1, r->seeds);
            if (!run_seed(r, i, seed))
                return false;
        }
    }
    if (terminal)
        fputs("\r\033[K", stderr);
    return true;
}

static void free_results(struct results *r)
{
    for (unsigned p = 0; p < r->policy_count; p++) {
        for (unsigned i = 0; i < SCENARIOS_MAX; i++)
            tally_free(&r->tallies[i][p]);
        tally_free(&r->pooled[p]);
        tally_free(&r->without_saturation[p]);
    }
    free(r);
}

static int report(struct results *r, bool json)
{
    struct buf out;
    buf_init(&out, OUTPUT_MAX);
    bool good = report_prepare(r) && (json ? report_json(r, &out) : report_table(r, &out)) &&
                fwrite(out.data, 1, out.len, stdout) == out.len && fflush(stdout) == 0;
    if (!good)
        fputs("routing-sim: can't write the report\n", stderr);
    buf_free(&out);
    return good ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct options o = read_options(argc, argv);
    struct buf error;
    buf_init(&error, 1000);
    struct workload *w = workload_load(o.workload, &error);
    if (!w) {
        fprintf(stderr, "routing-sim: %s\n", buf_message(&error));
        return 1;
    }
    check_list(o.scenarios, "--scenario", is_scenario, w);
    check_list(o.strategies, "--strategy", is_strategy, w);
    struct results *r = calloc(1, sizeof *r);
    int code = 1;
    if (r) {
        r->workload = w;
        r->seed_base = o.seed_base >= 0 ? (uint64_t)o.seed_base : (uint64_t)w->seeds.report;
        r->seeds = o.seeds ? o.seeds : (unsigned)w->seeds.count;
        for (const struct policy *const *p = POLICIES; *p; p++)
            if (listed(o.strategies, (*p)->name))
                r->policies[r->policy_count++] = *p;
        code = run_all(r, o.scenarios) ? report(r, o.json) : (fputs("routing-sim: out of memory\n", stderr), 1);
        free_results(r);
    }
    buf_free(&error);
    free(w);
    return code;
}
