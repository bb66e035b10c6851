/* markov: pure. The adaptive router's model: for each provider a belief about its state, kept up to date by what its
 * calls came to, and from the beliefs a suggestion which provider to try first. One model for the proxy's deployments
 * and for the command's providers; whoever uses it owns the clock, the names and the storage.
 *
 *   observation ──▶ one step of the chain ──▶ × likelihood of what was seen ──▶ belief ──▶ risk ─┐
 *                       averages of TTFT, latency, cost, quality, errors ──▶ performance ────────┴▶ confidence
 *
 * The belief is a vector of probabilities over five states. A call moves it one step along TRANSITIONS (what a provider
 * does by itself from call to call) and then weighs it by how likely each state makes what was seen (Bayes): so good
 * replies lower the risk, failures lead to MARKOV_FAILING, and both are forgotten step by step. With time and no call
 * it moves on, too:
 *
 *   failing ──▶ cooldown ──▶ warming ──▶ unknown (as a provider never seen)      a hop takes `recovery_time` on average
 *                overloaded ──┘            └── healthy
 *
 *   risk        = .35 warming + .75 overloaded + 1 failing + .45 cooldown
 *   reliability = (1 - risk) - overload_penalty · risk - cold_start_penalty · (1 - trust)
 *   confidence  = (1 - performance_weight) · reliability + performance_weight · performance, and reliability while
 * trust < 1
 *
 * trust is the number of observations, faded by memory_time, over min_performance_observations, at most 1. The baseline
 * is judged otherwise, for it could never become known again if being unknown spoke against it: no cold_start_penalty,
 * and its performance is 1 less what is known against it, faded by memory_time, its failures by recovery_time. So a
 * baseline that was left is tried again: after some recovery_time where it had failed, after about memory_time where it
 * was slow or dear.
 *
 * Times are milliseconds of any one clock; Unix time where the state is kept on disk. A clock set back stands still
 * here. */
#ifndef POINTSMAN_MARKOV_H
#define POINTSMAN_MARKOV_H

#include "common/document.h"
#include "common/json.h"
#include "common/yaml.h"

#define MARKOV_MAX 16 /* candidates of one decision */
#define MARKOV_NONE UINT32_MAX

enum markov_state { MARKOV_HEALTHY, MARKOV_WARMING, MARKOV_OVERLOADED, MARKOV_FAILING, MARKOV_COOLDOWN, MARKOV_STATES };

/* The block `adaptive_router:`; each field is a key of that name. */
struct markov_settings {
    bool enabled, shadow_mode, cost_guard_enabled;
    double min_confidence_delta;    /* gain in confidence that a suggestion needs */
    double max_cost_multiplier;     /* the guard's bound on candidate's cost / baseline's cost */
    double critical_risk_threshold; /* the guard lets all pass where the baseline's risk is at least this */
    double overload_penalty, cold_start_penalty, performance_weight;
    unsigned min_performance_observations;
    double decay;                         /* what an average keeps of itself at the next observation */
    unsigned max_history;                 /* latest observations that count: of an arm of the canary, of a journal */
    double canary_share;                  /* of the conversations, that take the suggested order when not in shadow */
    unsigned canary_min_requests;         /* of each arm, before the canary is judged */
    double canary_tolerance;              /* how much worse than the baseline is too much, as a share of it */
    double recovery_time, memory_time;    /* seconds: mean stay in a state unobserved; life of an average unobserved */
    double slow_ttft_ms, slow_latency_ms; /* what counts as fully slow */
};

/* What the providers are asked for: that makes some of the defaults. */
enum markov_use {
    MARKOV_CALLS, /* model calls: seconds, one after the other */
    MARKOV_RUNS,  /* whole runs of an agent: minutes, some in a day */
    MARKOV_USES
};

/* The defaults. */
void markov_settings_init(struct markov_settings *s, enum markov_use use);
/* Reads the block (NULL or empty: the defaults stay) over `s`, which markov_settings_init() or a caller with other
 * defaults filled. Appends to `errors` a line "file:line: adaptive_router.key: …" for each unknown key, wrong type and
 * value out of range, with what is allowed; lines are separated by '\n'. Returns how many faults there were; faulty
 * keys keep their defaults. */
unsigned markov_settings_read(const char *file, const struct yaml_node *block, struct markov_settings *s,
                              struct buf *errors);
bool markov_settings_equal(const struct markov_settings *a, const struct markov_settings *b);
/* The keys as a Markdown table: key, value, default, meaning. */
bool markov_settings_reference(enum markov_use use, struct buf *out);

enum markov_outcome {
    MARKOV_SUCCESS,
    MARKOV_FAILED,             /* an error, a command that exits non-zero */
    MARKOV_OVERLOADED_FAILURE, /* a timeout, a refusal for load */
    MARKOV_LIMITED,            /* refused by quota, rate limit or access: it will not serve for a while */
};

/* What a call came to. NAN stands for unknown throughout. A call that its user broke off says nothing: don't observe
 * it. */
struct markov_observation {
    enum markov_outcome outcome;
    double ttft_ms, total_ms; /* of successes; a failure's are passed over, for failing fast is not being fast */
    double token_pressure;    /* 0 to 1: tokens in this minute against the provider's limit */
    double cost_usd;          /* of this call */
    double quality;           /* 0 to 1 */
    double error_rate;        /* 0 to 1, where the caller knows better than this call's outcome */
};

/* All unknown, with that outcome. */
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

/* What is known of one provider. All zero: nothing yet. */
struct markov_provider {
    double belief[MARKOV_STATES]; /* at `seen_ms`; meaningless while count is 0 */
    double weight;                /* observations that still count: faded by time, at most max_history */
    struct markov_average {
        double value;    /* in the metric's unit */
        double goodness; /* 0 to 1: the average of what each observation's value was worth */
        double weight;   /* as above; 0: nothing known */
    } average[MARKOV_METRICS];
    uint64_t count;  /* observations in all */
    int64_t seen_ms; /* of the last one */
};

/* Takes in what a call came to. */
void markov_observe(struct markov_provider *p, const struct markov_settings *s, const struct markov_observation *o,
                    int64_t now_ms);

/* A provider as it stands now. */
struct markov_health {
    enum markov_state state; /* the most probable one */
    double risk;             /* 0 to 1 */
    double performance;      /* 0 to 1; NAN before the first observation */
    double confidence;       /* 0 to 1: what candidates are compared by; markov_health() gives it as of one that is no
                                baseline */
    double ttft_ms, total_ms, cost_usd, error_rate; /* averages; NAN unknown */
    uint64_t observations;
};

struct markov_health markov_health(const struct markov_provider *p, const struct markov_settings *s, int64_t now_ms);
const char *markov_state_name(enum markov_state state);

struct markov_candidate {
    const char *name; /* must outlive the decision */
    const struct markov_provider *provider;
    double cost_usd; /* what this request would cost there; NAN: its average cost counts */
};

struct markov_decision {
    bool enabled, shadow_mode;
    bool live;               /* the caller's word: this request may be reordered */
    bool would_switch;       /* enough is gained, and the guard lets it pass */
    bool applied;            /* order[] really differs from the given one */
    bool cost_guard_blocked; /* a switch with enough gain was blocked */
    unsigned count;
    unsigned suggested; /* index; 0, the baseline, where nothing is gained; the blocked one where all are blocked */
    unsigned blocked;   /* the first that the guard blocked; MARKOV_NONE */
    double confidence_delta;   /* of suggested over baseline */
    double cost_multiplier;    /* suggested against baseline; NAN unknown */
    double blocked_multiplier; /* of `blocked`; NAN */
    double max_cost_multiplier;
    unsigned order[MARKOV_MAX]; /* the order to use: indices into the candidates */
    const char *name[MARKOV_MAX];
    struct markov_health health[MARKOV_MAX];
};

/* Compares the candidates (in the order that holds without the model; the first is the baseline; those above MARKOV_MAX
 * are left out) and suggests the one with the most confidence, where that is min_confidence_delta over the baseline's.
 * The guard passes over one that costs more than max_cost_multiplier times the baseline, or whose price alone is
 * unknown, unless the baseline's risk is critical, or was when it was last seen; and the next one is looked at. `live`:
 * order[] begins with the suggested one, and the rest keep their places; else, and when not enabled, order[] is as
 * given. */
void markov_decide(const struct markov_settings *s, const struct markov_candidate *candidates, unsigned count,
                   bool live, int64_t now_ms, struct markov_decision *out);

/* The decision as the log's object:
 * {"enabled","shadow_mode","baseline_provider","suggested_provider","would_switch","applied","cost_guard_blocked",
 *  "confidence_delta","cost_multiplier","max_cost_multiplier","blocked_provider","blocked_cost_multiplier",
 *  "health":{NAME:{"state","risk","performance","confidence","ttft_ms","latency_ms","cost_usd","error_rate","observations"}}}
 */
bool markov_write(const struct markov_decision *d, struct buf *out);
/* The object of one provider in it. */
bool markov_write_health(const struct markov_health *h, struct buf *out);
/* Adds what is known of a provider, to be read again by markov_read_state(). */
void markov_describe_state(const struct markov_provider *p, struct container in);
/* false, and nothing known, when the node is no such object or is not whole. */
MUST_CHECK bool markov_read_state(const struct json *j, uint32_t node, struct markov_provider *p);

#endif
