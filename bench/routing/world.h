/* world: backends with queues, bursts of errors, quotas and faults in virtual time. */
#ifndef POINTSMAN_BENCH_WORLD_H
#define POINTSMAN_BENCH_WORLD_H

#include "bench/routing/policy.h"

/* The result of a request. */
struct served {
    bool good;
    unsigned first, last; /* backends of the first and of the last attempt */
    unsigned attempts;
    double arrival_s;
    double ttft_s;    /* from arrival; -1: none */
    double latency_s; /* from arrival to the end, failed or not */
    double cost_usd;  /* of all attempts */
    double j;         /* USD */
};

struct world *world_open(const struct workload *w, const struct scenario *s, uint64_t seed);
void world_close(struct world *world);
unsigned world_requests(const struct world *world);
/* Runs all requests under the policy, from an empty system; `served` has room for each. false: out of memory. */
bool world_run(struct world *world, const struct policy *policy, struct served *served);

/* For oracles: the present state of the system. */

/* Returns the seconds that a request would wait for a slot; INFINITY: refused at once (queue full or quota used up). */
double world_wait_s(const struct world *world, unsigned backend, double now_s);
/* Returns the odds that an attempt fails if it starts at `at_s`; *how: in which way. */
double world_error_odds(const struct world *world, unsigned backend, double at_s, struct failing *how);
/* Returns the factor on ttft and on the time per token. */
double world_slowness(const struct world *world, unsigned backend, double at_s);
const struct scenario *world_scenario(const struct world *world);
const struct workload *world_workload(const struct world *world);

/* For the clairvoyant: the result of an attempt made now. */
void world_foresee(const struct world *world, const struct ask *ask, unsigned backend, struct result *result);

#endif
