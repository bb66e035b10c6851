/* workload: the simulator's YAML file as structs, with defaults and each scenario's changes applied. */
#ifndef POINTSMAN_BENCH_WORKLOAD_H
#define POINTSMAN_BENCH_WORKLOAD_H

#include "common/buf.h"

#define BACKENDS_MAX 16
#define FAULTS_MAX 32
#define SCENARIOS_MAX 64
#define NAME_MAX_LEN 32

/* How a failing attempt fails; shares that sum to 1. */
struct failing {
    double fast; /* a 500 after fast_s */
    double slow; /* a 504 after slow_s */
    double cut;  /* a truncated stream: billed, and without a retry */
};

/* Seconds, USD per million tokens, quality from 0 to 100. */
struct backend {
    char name[NAME_MAX_LEN];
    double ttft, ttft_sigma; /* log-normal: median, sigma of the logarithm */
    double tps, tps_sigma;   /* the same; tokens per second after the first */
    double in, out;          /* price */
    double quality;
    double weight;
    double slots, max_queue;    /* served at once; waiting requests: beyond that, 503 */
    double rpm;                 /* in fixed windows of 60 s; 0: no limit */
    double p_good, p_bad;       /* error probability by state (Gilbert 1960, Elliott 1963) */
    double mean_good, mean_bad; /* mean time in a state; mean_bad 0: always good */
    double fast_s, slow_s;
    struct failing fail;
};

struct fault {
    unsigned backend; /* index in scenario.backends */
    double from, to;
    double period, duty; /* on for the first `duty` share of each period, from `from`; period 0: always */
    double slow_x;       /* factor on ttft and on the time per token */
    double p;            /* error probability; negative: the backend's own */
    bool has_fail;
    struct failing fail;
};

struct requests {
    double duration, rate; /* Poisson arrivals per second */
    double in_median, in_sigma, in_max;
    double out_median, out_sigma, out_max;
};

struct scenario {
    char name[NAME_MAX_LEN];
    struct requests requests;
    struct backend backends[BACKENDS_MAX]; /* in the static order */
    unsigned backend_count;
    struct fault faults[FAULTS_MAX];
    unsigned fault_count;
};

/* J of a request in USD. */
struct objective {
    double value_of_time; /* per second */
    double quality_point; /* per point below 100, successes only */
    double failure;       /* per failed request */
};

struct workload {
    char name[NAME_MAX_LEN];
    char sha256[65];
    struct objective objective;
    struct {
        double attempts, first_token_timeout, warmup;
    } limits;
    struct {
        double tune, report, count;
    } seeds;
    struct scenario scenarios[SCENARIOS_MAX];
    unsigned scenario_count;
};

/* Reads and checks the file; NULL: "file:line: what" in `error`. Free with free(). */
struct workload *workload_load(const char *path, struct buf *error);

#endif
