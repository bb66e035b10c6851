/* markov: pure. The adaptive router's model. For each provider it keeps a belief about the provider's state, updated by
 * each outcome; from the beliefs it suggests which provider to try first. It serves the proxy's deployments and the
 * command's providers. The caller owns the clock, the names and the storage.
 *
 *   observation ──▶ one step of the chain ──▶ × likelihood ──▶ belief ──▶ risk ──────────┐
 *                   averages of TTFT, latency, cost, quality, errors ──▶ performance ────┴▶ confidence
 *
 * The belief is a vector of probabilities of five states. A call moves it one step along TRANSITIONS, how a provider
 * changes from call to call, and then applies Bayes' rule with the likelihood of the outcome in each state. So good
 * replies lower the risk, failures lead to MARKOV_FAILING, and later calls outweigh both. Time without a call moves the
 * belief too:
 *
 *   failing ──▶ cooldown ──▶ warming ──▶ unknown (as without observations)      mean time per hop: `recovery_time`
 *                overloaded ──┘            └── healthy
 *
 *   risk        = .35 warming + .75 overloaded + 1 failing + .45 cooldown
 *   reliability = (1 - risk) - overload_penalty · risk - cold_start_penalty · (1 - trust)
 *   confidence  = (1 - performance_weight) · reliability + performance_weight · performance;   trust < 1: reliability
 *
 * trust is the number of observations, faded by memory_time, over min_performance_observations, at most 1. The baseline
 * has other rules, because it could never become known again if being unknown counted against it: no
 * cold_start_penalty, and what lowers its performance fades by memory_time, its failures by recovery_time. So a
 * baseline that was left is tried again: after a few recovery_time if it had failed, after about memory_time if it was
 * slow or expensive.
 *
 * Times are in ms of any one clock; Unix time if the state is saved. If the clock was set back, no time has passed. */
#ifndef POINTSMAN_MARKOV_H
#define POINTSMAN_MARKOV_H

#include "common/document.h"
#include "common/json.h"
#include "common/yaml.h"

#define MARKOV_MAX 16 /* candidates of one decision */
#define MARKOV_NONE UINT32_MAX

enum markov_state { MARKOV_HEALTHY, MARKOV_WARMING, MARKOV_OVERLOADED, MARKOV_FAILING, MARKOV_COOLDOWN, MARKOV_STATES };

/* The block `adaptive_router:`; each field is the key of that name. */
struct markov_settings {
    bool enabled, shadow_mode, cost_guard_enabled;
    double min_confidence_delta;    /* confidence gain that a suggestion needs */
    double max_cost_multiplier;     /* the cost guard's bound: cost over the baseline's cost */
    double critical_risk_threshold; /* from this risk of the baseline on, the guard allows every switch */
    double overload_penalty, cold_start_penalty, performance_weight;
    unsigned min_performance_observations;
    double decay;                         /* weight of an average at the next observation */
    unsigned max_history;                 /* latest observations that count: of an arm of the canary, of a log */
    double canary_share;                  /* share of the conversations that follow suggestions outside shadow mode */
    unsigned canary_min_requests;         /* in each arm, before the arms are compared */
    double canary_tolerance;              /* how much worse than the baseline is too much, as a share of it */
    double recovery_time, memory_time;    /* s: mean stay in a state without a call; time constant of averages */
    double slow_ttft_ms, slow_latency_ms; /* what counts as fully slow */
};

/* What the providers do, which decides some defaults. */
enum markov_use {
    MARKOV_CALLS, /* model calls: seconds, one after the other */
    MARKOV_RUNS,  /* whole runs of an agent: minutes, a few per day */
    MARKOV_USES
};

/* Sets the defaults. */
void markov_settings_init(struct markov_settings *s, enum markov_use use);
/* Reads the block over `s`, which has defaults. NULL or empty: no change. Appends a line "file:line:
 * adaptive_router.key: …" to `errors` for each unknown key, wrong type and value out of range; newlines separate the
 * lines. Returns the number of errors; wrong keys keep their defaults. */
unsigned markov_settings_read(const char *file, const struct yaml_node *block, struct markov_settings *s,
                              struct buf *errors);
bool markov_settings_equal(const struct markov_settings *a, const struct markov_settings *b);
/* Appends the keys as a Markdown table: key, value, default, meaning. */
bool markov_settings_reference(enum markov_use use, struct buf *out);

enum markov_outcome {
    MARKOV_SUCCESS,
    MARKOV_FAILED,             /* an error, a command that exits non-zero */
    MARKOV_OVERLOADED_FAILURE, /* a timeout, a refusal because of load */
    MARKOV_LIMITED,            /* refused because of quota, rate limit or access: unavailable for a while */
};

/* The outcome of a call. NAN: unknown. Do not observe a call that its user canceled. */
struct markov_observation {
    enum markov_outcome outcome;
    double ttft_ms, total_ms; /* of successes; ignored for failures, because failing fast is not being fast */
    double token_pressure;    /* 0 to 1: tokens of this minute over the provider's limit */
    double cost_usd;          /* of this call */
    double quality;           /* 0 to 1 */
    double error_rate;        /* 0 to 1, if the caller knows more than this call's outcome */
};

/* Returns an observation of that outcome with all else unknown. */
struct markov_observation markov_observation(enum markov_outcome outcome);

enum markov_metric {
    MARKOV_TTFT,
    MARKOV_TOTAL,
    MARKOV_COST,
    MARKOV_QUALITY,
    MARKOV_ERROR,
    MARKOV_SUCCESSES,
    MARKOV_METRICS
};

/* The statistics of one provider. Zeroed: no observations. */
struct markov_provider {
    double belief[MARKOV_STATES]; /* at `seen_ms`; undefined if count is 0 */
    double weight;                /* observations that still count: faded by time, at most max_history */
    struct markov_average {
        double value;    /* in the metric's unit */
        double goodness; /* 0 to 1: average rating of the values */
        double weight;   /* like the one above; 0: unknown */
    } average[MARKOV_METRICS];
    uint64_t count;  /* all observations */
    int64_t seen_ms; /* of the last observation */
};

/* Records the outcome of a call. */
void markov_observe(struct markov_provider *p, const struct markov_settings *s, const struct markov_observation *o,
                    int64_t now_ms);

/* The present state of a provider. */
struct markov_health {
    enum markov_state state; /* the most probable one */
    double risk;             /* 0 to 1 */
    double performance;      /* 0 to 1; NAN: no observations */
    double confidence; /* 0 to 1; candidates are compared by it. From markov_health(): as of a provider that is not the
                          baseline */
    double ttft_ms, total_ms, cost_usd, error_rate; /* averages; NAN: unknown */
    uint64_t observations;
};

struct markov_health markov_health(const struct markov_provider *p, const struct markov_settings *s, int64_t now_ms);
const char *markov_state_name(enum markov_state state);

struct markov_candidate {
    const char *name; /* must outlive the decision */
    const struct markov_provider *provider;
    double cost_usd; /* of this request at this candidate; NAN: its average cost is used */
};

struct markov_decision {
    bool enabled, shadow_mode;
    bool live;               /* from the caller: this request may be reordered */
    bool would_switch;       /* the gain is large enough and the guard allows it */
    bool applied;            /* order[] differs from the given one */
    bool cost_guard_blocked; /* the guard blocked a switch with enough gain */
    unsigned count;
    unsigned suggested;        /* index; 0 (the baseline): no gain; `blocked` if the guard blocked all */
    unsigned blocked;          /* the first one that the guard blocked; MARKOV_NONE */
    double confidence_delta;   /* suggested minus baseline */
    double cost_multiplier;    /* suggested over baseline; NAN: unknown */
    double blocked_multiplier; /* of `blocked`; NAN: none */
    double max_cost_multiplier;
    unsigned order[MARKOV_MAX]; /* the order to use: indices of candidates */
    const char *name[MARKOV_MAX];
    struct markov_health health[MARKOV_MAX];
};

/* Compares the candidates, which are in the order without the model; the first is the baseline, and those beyond
 * MARKOV_MAX are ignored. Suggests the one with the highest confidence if that is at least min_confidence_delta above
 * the baseline's. The cost guard skips one that costs more than max_cost_multiplier times the baseline, or whose price
 * is unknown while the baseline's is known; not if the baseline's risk is critical, or was at its last observation. The
 * next best one follows. With `live`, the suggested one is first in order[] and the others keep their places.
 * Otherwise, or if not enabled, order[] is unchanged. */
void markov_decide(const struct markov_settings *s, const struct markov_candidate *candidates, unsigned count,
                   bool live, int64_t now_ms, struct markov_decision *out);

/* Appends the decision as an object of the log:
 * {"enabled","shadow_mode","baseline_provider","suggested_provider","would_switch","applied","cost_guard_blocked",
 *  "confidence_delta","cost_multiplier","max_cost_multiplier","blocked_provider","blocked_cost_multiplier",
 *  "health":{NAME:{"state","risk","performance","confidence","ttft_ms","latency_ms","cost_usd","error_rate",
 *                  "observations"}}}
 */
bool markov_write(const struct markov_decision *d, struct buf *out);
/* Appends the object of one provider in it. */
bool markov_write_health(const struct markov_health *h, struct buf *out);
/* Adds a provider's statistics, for markov_read_state(). */
void markov_describe_state(const struct markov_provider *p, struct container in);
/* Reads a provider's statistics. false: not a complete object; *p is zeroed. */
MUST_CHECK bool markov_read_state(const struct json *j, uint32_t node, struct markov_provider *p);

#endif
