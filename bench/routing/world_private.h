/* world_private: shared by the files of the world. */
#ifndef POINTSMAN_BENCH_WORLD_PRIVATE_H
#define POINTSMAN_BENCH_WORLD_PRIVATE_H

#include "bench/routing/world.h"

#define NONE UINT32_MAX
#define WINDOW_S 60.0 /* of the quotas */
#define SLOTS_SEEN 256

struct request {
    double arrival_s, prompt_tokens, output_tokens;
};

enum phase { WAITING, SERVED, OVER };

struct attempt {
    enum phase phase;
    uint8_t backend;
    struct ask ask;
    double began_s, end_s;
    struct result result;
    uint32_t next; /* in the queue */
};

struct sim_event {
    double at_s;
    uint64_t number; /* breaks ties by creation */
    uint32_t attempt;
    bool first_token; /* else: the attempt's end */
};

/* The state of a backend. */
struct station {
    double *switches; /* times of the changes between good and bad */
    unsigned switch_count;
    bool starts_bad;
    unsigned busy, waiting;
    uint32_t *serving;   /* the `busy` attempts that hold a slot */
    uint32_t head, tail; /* of the queue */
    double window;       /* number of the quota's window */
    double used;         /* requests in it */
};

struct world {
    const struct workload *workload;
    const struct scenario *scenario;
    uint64_t seed;
    struct request *requests;
    unsigned request_count;
    struct station stations[BACKENDS_MAX];
    unsigned attempts_max;
    struct attempt *attempts;
    struct sim_event *heap;
    unsigned events;
    uint64_t number;
    double now_s;
};

/* Computes the result of service that starts at `at_s`. result.total_s and ttft_s count from `began_s`, when the
 * attempt was made. */
void world_serve(const struct world *world, const struct ask *ask, unsigned backend, double began_s, double at_s,
                 struct result *r);
/* Returns the number of the quota's window at that time. */
double world_window(double at_s);

#endif
