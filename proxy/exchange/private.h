/* exchange/private: the two structs of this room, and what its files do for each other.
 *
 *   request.c   a request's state, and what follows when an attempt opens, completes or fails
 *   attempt.c   an attempt's state: body, sign-in, call, relay
 *   plan.c      which deployments a request tries, and in which order
 *   call.c      what an attempt sends to its upstream, and what the reply means
 *   hedge.c     the second attempt at the same time
 *   outcome.c   what attempts write into a deployment's health, the journal's attempts and the affinity table
 *   spending.c  what a request may cost, and what its attempts have cost
 *   reply.c     what the client receives, and the journal's line
 *   sharing.c   limits and money, kept together with other workers; see sharing.h */
#ifndef POINTSMAN_EXCHANGE_PRIVATE_H
#define POINTSMAN_EXCHANGE_PRIVATE_H

#include "proxy/bridge/model_request.h"
#include "proxy/bridge/outgoing.h"
#include "proxy/bridge/relay.h"
#include "proxy/exchange/request.h"
#include "proxy/route/plan.h"

#define ERROR_BODY_MAX (64u << 10) /* bytes of an upstream's error reply */
#define RUN_ID_MAX 64
#define REQUEST_ID_LEN 32 /* hexadecimal digits */

#define REPEATS_MAX 16 /* attempts of one request that repeat a call to the same deployment */
/* Of one plan, of a detour's plan (model_group.on_context and on_content_filter), and the repeats of both. */
#define ATTEMPTS_MAX (2 * PLAN_MAX + REPEATS_MAX)

/*   OVER ─▶ ASKED ──first content──▶ SERVES ──complete, failed, cancelled──▶ OVER
 *            │ │                                                            ▲ ▲
 *            │ └─────────── complete and not streamed, failed, cancelled ───┘ │
 *            └─ the other attempt serves ─▶ LOST ──call cancelled, from the loop
 *
 * An attempt that is LOST or OVER is accounted for: in its deployment's health, in the money spent, in the journal. */
enum attempt_state { ATTEMPT_OVER, ATTEMPT_ASKED, ATTEMPT_SERVES, ATTEMPT_LOST, ATTEMPT_STATES };

/* One call of a request to one deployment: from the body to the last byte of the reply. What an attempt that is over
 * has left (usage, wire) is read until the next one begins in its place. */
struct attempt {
    struct request *request; /* that it is part of */
    enum attempt_state state;
    const struct deployment *deployment;   /* NULL: none was begun yet */
    unsigned place;                        /* of the deployment in the request's plan */
    unsigned repeated;                     /* earlier calls of the request to this deployment that it repeats */
    uint64_t started_ms, first_content_ms; /* monotonic; 0: not yet */
    struct health_attempt health_attempt;
    struct outgoing outgoing;
    struct login_wait login_wait; /* for what the call signs in with */
    unsigned credential;          /* that it signed in with; see upstream/sign_in.h */
    unsigned sign_ins;            /* further ones, after a 401 */
    struct call *call;
    bool paused;
    bool more;             /* further bytes of the reply follow at once: what is sent now may wait for them */
    struct buf error_body; /* of a reply with status 400 and above */
    struct relay *relay;
    struct failure failure; /* how it failed; set before request_attempt_failed() */
};

enum request_state {
    REQUEST_NEW,
    REQUEST_CALLING,
    REQUEST_WAITING,
    REQUEST_OPEN,
    REQUEST_ENDED,
    REQUEST_STATES,
};

struct request {
    struct exchange_shared *shared;
    struct request *next, **back; /* in shared->all */
    struct client *client;        /* NULL once the reply is finished or the client is gone */
    enum request_state state;
    enum entrance entrance;
    char id[REQUEST_ID_LEN + 1];
    char run_id[RUN_ID_MAX + 1]; /* of the CLI's run that the request is part of; "": it named none */
    uint64_t started_ms;         /* monotonic */
    int64_t started_unix_ms;
    uint64_t heard_ms;    /* monotonic: the last progress of the reply */
    uint64_t mark_us;     /* since when this process has been at work on it */
    uint64_t overhead_us; /* how long it was at work before, in sum */

    struct model_request asked;
    const struct model_group *group;  /* that the client named */
    struct markov_decision *adaptive; /* NULL: the adaptive router decided nothing */
    uint64_t affinity_key;            /* of the conversation in its group */
    bool on_prompt_fallback;          /* the plan is a detour's */
    unsigned failed;                  /* deployments of the plan that have failed, not counting a hedge's */
    unsigned repeats;                 /* attempts that repeated a call to the same deployment */
    double held_usd, hedge_usd;       /* reserved in the accounts for the plan, and for a second attempt */

    /* The attempt that speaks for the request: the only one under way, the one that serves, or the last that failed.
     * While a hedge is open, the earlier of the two. */
    struct attempt *attempt;
    struct attempt first;
    struct attempt *second;     /* a hedge; NULL: there was none */
    struct event *wait, *hedge; /* timers: for the repeated call, for the second attempt; NULL: not needed yet */

    /* Large, and written when it is needed: make_request() does not clear all of it. */
    struct plan plan;
    struct failure failure; /* what the client receives when no attempt is left */
    unsigned ended_count;
    struct journal_attempt ended[ATTEMPTS_MAX]; /* attempts that are over, in the order of their ends */
};

/* What other files may do with a deployment's health: read it. */
static inline const struct health *attempt_health(const struct attempt *a)
{
    return &a->request->shared->health[a->deployment->index];
}

/* request.c */

/* The attempt has content, and serves the request. */
void request_open(struct attempt *a);
/* The attempt's reply is complete; `last` is the rest of it. The request is over and may be freed. */
void request_complete(struct attempt *a, struct slice last);
/* The attempt has failed as a->failure says, and its call is over. Repeats it, starts the next one, or ends the
 * request, which may be freed. `status`: HTTP's, 0 without one. */
void request_attempt_failed(struct attempt *a, int status);
/* Frees a request that has ended, unless a lost attempt's call has still to be cancelled. */
void request_let_go(struct request *r);
/* From here on, until request_works(), the request waits for an upstream or a timer. */
void request_waits(struct request *r);
void request_works(struct request *r);

/* attempt.c */

/* How an attempt ends. */
enum attempt_end {
    END_FINAL,     /* it served, or failed and is not repeated */
    END_REPEATED,  /* it failed, and the same deployment is called again: not yet held against it */
    END_CANCELLED, /* the client disconnected, or the process ends: says nothing of the deployment */
    END_LOST,      /* given up because the other attempt has content, or ends as the request does */
};

/* Begins an attempt at the deployment of that place in the plan, in the memory of an attempt that is over. */
void attempt_begin(struct attempt *a, unsigned place, unsigned repeated);
/* Moves it to SERVES. */
void attempt_serves(struct attempt *a);
/* Accounts for it, and moves it to OVER, or, for END_LOST, to LOST. `f` NULL: it did not fail. Of the request's
 * attempts it is then the last that ended. */
void attempt_end(struct attempt *a, const struct failure *f, int status, enum attempt_end how);
/* Cancels the call; an attempt that is LOST is then OVER and freed. Not from within a call's callbacks. */
void attempt_cancel(struct attempt *a);
/* Frees what it owns, not `a`; again, too. */
void attempt_free(struct attempt *a);

/* plan.c */

/* Plans the attempts. Returns the status that refuses the request with `error`, or 0: r->plan is made, or, if it is
 * empty, r->failure says why nothing can serve. */
MUST_CHECK int request_plan(struct request *r, struct model_request_error *error);
/* Milliseconds to wait before the failed attempt is repeated; -1: it is not. */
MUST_CHECK int request_repeat_ms(const struct attempt *a);
/* Finds the attempt that follows one that failed in this way, and its place in r->plan, which may be a detour's now.
 * false: there is none. */
MUST_CHECK bool request_next(struct request *r, enum failure_kind kind, unsigned *place);
/* Whether the deployment belongs to another group than the one that the client named. */
bool request_is_elsewhere(const struct request *r, const struct deployment *d);

/* call.c */

/* Starts the attempt's call; a->call stays NULL without memory. sign_in_get() must have succeeded. */
void attempt_start_call(struct attempt *a, const struct call_events *events);
/* Makes the relay for the reply. false: no memory. */
MUST_CHECK bool attempt_make_relay(struct attempt *a, bool event_stream);
/* Whether a call that is over has failed, as far as HTTP goes; a->failure then says how. `kind` and `message` are the
 * transport's. */
MUST_CHECK bool attempt_reply_failed(struct attempt *a, const struct call_reply *reply, enum failure_kind kind,
                                     const char *message);

/* hedge.c */

/* A stream's attempt begins: if its first content takes longer than hedge_after_ms, the next deployment is asked too.
 */
void hedge_arm(struct request *r);
/* The attempt has content: the other one, if there is one, loses. */
void hedge_won(struct attempt *a);
/* The attempt failed. true: the other one is under way and goes on; the failed one is accounted for. */
MUST_CHECK bool hedge_goes_on(struct attempt *a, int status);
/* Ends the attempt that does not speak for the request, and cancels its call. Not from within a call's callbacks. */
void hedge_drop(struct request *r);

/* outcome.c: the one file of this room that writes the health of deployments, through route/health.h. */

void outcome_started(struct attempt *a);
/* The first content of a stream has come. */
void outcome_answered(struct attempt *a);
/* Keeps what the reply's head says of the provider's limits. */
void outcome_limits(const struct attempt *a, const struct call_reply *reply);
/* The deployment refused these parts of a request (a set of enum turn_without): they are left out from now on. */
void outcome_refused(const struct attempt *a, unsigned parts);
/* See attempt_end(). */
void outcome_ended(struct attempt *a, const struct failure *f, int status, enum attempt_end how);
/* The request is over, and its client has received the end: the adaptive router's canary learns from it. */
void outcome_request_ended(const struct request *r);

/* spending.c */

/* Takes the attempts out of the plan that the spending limits don't allow, and reserves what the most expensive of the
 * others may cost, in place of what was reserved before. false: none is left; r->failure says why. */
bool request_hold_plan(struct request *r, struct plan *plan);
/* What a call to the deployment may cost, in USD, by the usual length of its replies; NAN: its prices are unknown. */
double request_estimate(const struct request *r, const struct deployment *d);
/* Whether the spending limits leave that much. */
bool request_affords(const struct request *r, double usd);
/* Reserves that much for a second attempt, until one of the two is over. */
void request_hold_hedge(struct request *r, double usd);
void request_release_hedge(struct request *r);
/* Gives back all that is reserved. */
void request_release_money(struct request *r);
/* What the attempt has cost, in USD; NAN: unknown. One that was interrupted is billed for its prompt. */
double attempt_cost(const struct attempt *a, const struct usage *usage, const struct failure *f, enum attempt_end how);
/* Adds it to what was spent. */
void request_book_money(struct request *r, double usd);

/* reply.c */

/* A whole reply; the client is released. `retry_after_s` -1: no such header. */
void request_send_reply(struct request *r, int status, int retry_after_s, const char *content_type, struct slice body);
/* The same with JSON that was written for it; if that found no memory, the client gets a 503. */
void request_send_body(struct request *r, int status, int retry_after_s, const struct buf *body);
/* The failure in OpenAI's error shape, with the status that its rule gives; returns that status. */
int request_send_failure(struct request *r, const struct failure *f);
/* The head of a streamed reply. */
void request_start_stream(struct request *r);
/* Its last bytes and its end; the client is released. */
void request_end_stream(struct request *r, struct slice last);
/* No end, but a broken connection; the client is released. */
void request_cut_stream(struct request *r);
/* Writes the journal's line. `how` is journal_entry.end. */
void request_journal(const struct request *r, int status, const char *how);

#endif
