/* exchange_private: the exchange as its own two files see it: exchange.c moves its state, exchange_call.c asks
 * the upstream, exchange_outcome.c tells the deployment's health, exchange_reply.c the client,
 * exchange_spending.c counts the money, exchange_life.c makes and frees it. */
#ifndef POINTSMAN_EXCHANGE_PRIVATE_H
#define POINTSMAN_EXCHANGE_PRIVATE_H

#include "proxy/bridge/outgoing.h"
#include "proxy/bridge/relay.h"
#include "proxy/exchange/exchange.h"
#include "proxy/bridge/model_request.h"
#include "proxy/route/plan.h"

#define ERROR_BODY_MAX (64u << 10) /* of an upstream's error reply */
#define EXCHANGE_RUN_ID_MAX 64
#define EXCHANGE_ID_LEN 32 /* hexadecimal digits of a request id */

/* Calls to a deployment that had failed before in the same request, over the whole plan. */
#define EXCHANGE_RETRIES_MAX 16
/* Of one plan, of that of a detour (model_group.on_context and its like), and the retries of both. */
#define EXCHANGE_ATTEMPTS_MAX (2 * PLAN_MAX + EXCHANGE_RETRIES_MAX)

enum exchange_state { NEW, CALLING, WAITING, OPEN, ENDED, EXCHANGE_STATES };

struct exchange {
    struct exchange_shared *shared;
    struct exchange *next, **back;
    struct client *client; /* NULL once the reply is finished or the client is gone */
    enum exchange_state state;
    enum entrance entrance;
    char id[EXCHANGE_ID_LEN + 1];
    char run_id[EXCHANGE_RUN_ID_MAX + 1]; /* of the CLI's run that it is part of; "": none was named */
    /* Monotonic milliseconds; 0: not yet. */
    uint64_t started_ms, first_content_ms, heard_ms, attempt_ms;
    int64_t started_unix_ms;
    uint64_t mark_us,
        overhead_us; /* when it last took over from others; how long it was at work until then, summed up */

    struct model_request request;
    const struct model_group *group;  /* that the request names */
    struct markov_decision *adaptive; /* NULL: the adaptive router had nothing to say */
    bool detoured;                    /* the plan is that of a detour */
    unsigned planned;                 /* attempts that were made before the plan, all of them failed */
    unsigned attempt;                 /* index in the plan of the one under way */
    unsigned retries;                 /* of that deployment */
    double held_usd;                  /* kept aside for it in the accounts; 0: nothing */
    struct health_call health_call;   /* of the attempt under way */
    uint64_t affinity_key;            /* of the conversation in its group */
    struct exchange *rival, *parent;  /* of a hedge, while it is open; see exchange_hedge.c */
    struct event *hedge;              /* begins it, and frees who has lost; NULL: there is none */
    bool hedged, lost;
    struct event *wait; /* before its next retry; NULL: there was none */
    unsigned repeats;   /* of any deployment and kind */
    unsigned attempt_count;

    struct outgoing outgoing;
    struct login_wait login_wait; /* where the provider wants the ChatGPT login */
    unsigned login_generation;    /* of the token that the call was made with */
    unsigned sign_ins;            /* further ones of this attempt, after a 401 */
    struct call *call;
    bool paused;
    bool more;             /* of the reply has come already: what is sent now is not the last of this turn */
    struct buf error_body; /* of an upstream's reply of 400 and more */
    struct relay *relay;
    struct failure failure; /* what the client is told when no attempt is left */

    /* Large tables that are written as far as their counts say: exchange_new() does not clear them. */
    struct plan plan;
    struct journal_attempt attempts[EXCHANGE_ATTEMPTS_MAX];
};

/* The deployment of the attempt under way; the plan must not be empty. */
static inline const struct deployment *exchange_deployment(const struct exchange *x)
{
    return x->plan.attempts[x->attempt];
}

static inline struct health *exchange_health(const struct exchange *x)
{
    return &x->shared->health[exchange_deployment(x)->index];
}

/* NULL: no memory. */
struct exchange *exchange_new(struct exchange_shared *shared, struct client *client);
void exchange_free(struct exchange *x);
/* Another one of the same request, for a second attempt at the same time: nothing of its own is begun. It shares the
 * request's memory with `x`: see model_request_move(). NULL: no memory. */
struct exchange *exchange_copy(const struct exchange *x);
/* Starts the attempt that x->attempt names. */
void exchange_start_attempt(struct exchange *x);
/* A stream's attempt starts: where its first token is slow, a second deployment will be asked (hedge_after_ms). */
void exchange_arm_hedge(struct exchange *x);
/* It has content, so that it serves: of a hedge, the other one loses. */
void exchange_first_content(struct exchange *x);
/* Its attempt has failed. true: it was the rival of another one, which goes on, and is gone. */
MUST_CHECK bool exchange_rival_failed(struct exchange *x, const struct failure *f, int status);
/* Its attempt has failed. true: it has a rival, which goes on in its place, and is gone. */
MUST_CHECK bool exchange_hand_over(struct exchange *x, const struct failure *f, int status);
/* Ends its rival, if it has one. Not from within a call's callbacks. */
void exchange_drop_rival(struct exchange *x);
/* true: it had lost, and is gone. Not from within a call's callbacks. */
bool exchange_end_lost(struct exchange *x);
/* The turn goes to others, the upstream or a timer, or comes back from them: what lies between is not our doing. */
void exchange_waits(struct exchange *x);
void exchange_heard(struct exchange *x);
/* Plans the attempts. Returns the status that refuses the request with `error`, or 0: x->plan is made, or, where it is
 * empty, x->failure says why nothing can serve. */
MUST_CHECK int exchange_make_plan(struct exchange *x, struct model_request_error *error);
/* Whether the attempt that failed in this way is made once more, at once, at the same deployment. */
MUST_CHECK bool exchange_repeats(const struct exchange *x, const struct failure *f);
/* Whether another attempt follows one that failed in this way; x->attempt, and after a detour x->plan, are then set to
 * it. */
MUST_CHECK bool exchange_next(struct exchange *x, enum failure_kind kind);
/* Starts the call of the attempt under way; x->call stays NULL without memory. A login's token must be there. */
void exchange_start_call(struct exchange *x, const struct call_events *events);
/* A relay for the attempt's reply, in place of an earlier one. false: no memory. */
MUST_CHECK bool exchange_make_relay(struct exchange *x, bool event_stream);
/* Whether a call that is over has failed, as far as HTTP goes; *f then says how. */
MUST_CHECK bool exchange_reply_failure(const struct exchange *x, const struct call_reply *reply, enum failure_kind kind,
                                       const char *message, struct failure *f);
/* How a call to a deployment is over. */
enum call_end {
    CALL_OVER,      /* served, or failed, and another deployment may be next */
    CALL_REPEATED,  /* failed, and the same deployment is called again: not yet held against it */
    CALL_CANCELLED, /* the client hung up, or we end: it says nothing of the deployment */
};

/* Books that an attempt at the deployment starts: its time, and the deployment's health. */
void exchange_call_started(struct exchange *x);
/* Tells its deployment that the first content of a stream has come. */
void exchange_call_answered(struct exchange *x);
/* Books how it ended, in the journal's attempts, the deployment's health, and where the conversation is at home. `f`
 * NULL: it served. */
void exchange_call_ended(struct exchange *x, const struct failure *f, int status, enum call_end how);
/* Takes the attempts out of the plan that the spending limits don't allow, and keeps aside what the most expensive of
 * the others may cost, in place of what was kept before. false: none is left; x->failure says why. */
bool exchange_hold_money(struct exchange *x, struct plan *plan);
/* What a call to the deployment may cost, by the length of its replies so far; NAN: its prices are unknown. */
double exchange_estimate(const struct exchange *x, const struct deployment *d);
/* Whether the spending limits leave that much; and keeps it aside for an exchange that has nothing kept yet. */
bool exchange_affords(const struct exchange *x, double usd);
void exchange_hold(struct exchange *x, double usd);
/* Gives back what was kept. */
void exchange_free_money(struct exchange *x);
/* What the call under way has cost, in USD; NAN: unknown. One that broke off is billed for its prompt. */
double exchange_call_cost(const struct exchange *x, const struct usage *usage, const struct failure *f,
                          enum call_end how);
/* Books it. */
void exchange_book_money(struct exchange *x, double usd);
/* Books a request that is over, and whose client has heard its end, where the adaptive router had decided. */
void exchange_request_ended(const struct exchange *x);
/* A whole reply; the client is done with. `retry_after_s` -1: no such header. */
void exchange_send_reply(struct exchange *x, int status, int retry_after_s, const char *content_type,
                         struct slice body);
/* The same with a body of JSON that was written for it; where that found no memory, the client is told so. */
void exchange_send_body(struct exchange *x, int status, int retry_after_s, const struct buf *body);
/* The failure in OpenAI's error shape, with the status that its rule gives; returns that status. */
int exchange_send_failure(struct exchange *x, const struct failure *f);
/* The head of a streamed reply. */
void exchange_start_stream(struct exchange *x);
/* Its last bytes and its end; the client is done with. */
void exchange_end_stream(struct exchange *x, struct slice last);
/* No end, but a broken connection; the client is done with. */
void exchange_cut_stream(struct exchange *x);
/* Writes the journal's line. `how` is journal_entry.end. */
void exchange_journal(const struct exchange *x, int status, const char *how);

#endif
