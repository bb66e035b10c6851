/* exchange/private: loop. The two structs of this folder, and the functions its files share.
 *
 *   request.c   a request's state, and what follows when an attempt opens, completes or fails
 *   create.c    makes and frees requests
 *   attempt.c   an attempt's state: body, sign-in, call, relay
 *   plan.c      which deployments a request tries, in which order
 *   call.c      sends an attempt to its upstream and classifies the reply
 *   hedge.c     the second, concurrent attempt
 *   omit.c      what to leave out of a request after a refusal
 *   outcome.c   records results of attempts: health, request log, affinity
 *   spending.c  cost limits, reservations and charges
 *   holding.c   what the virtual key of a request holds and pays
 *   reply.c     writes the client's reply and the request log line
 *   caching.c   looks up cached replies, waits for equal requests in flight, caches replies
 *   debug.c     what requests do, for the debug log
 *   running.c   lists the requests under way
 *   sharing.c   synchronizes limits and cost with other workers; see sharing.h */
#ifndef POINTSMAN_EXCHANGE_PRIVATE_H
#define POINTSMAN_EXCHANGE_PRIVATE_H

#include "proxy/bridge/model_request.h"
#include "proxy/bridge/provider_body.h"
#include "proxy/bridge/relay.h"
#include "proxy/exchange/request.h"
#include "proxy/route/plan.h"
#include "proxy/terms/failure.h"

#include <event2/util.h>

#define ERROR_BODY_MAX (64u << 10) /* bytes of an upstream's error reply */
#define RUN_ID_MAX 64
#define REQUEST_ID_LEN 32 /* hexadecimal digits */

#define REPEATS_MAX 16 /* repeated calls to the same deployment, per request */
/* One plan, one prompt fallback's plan (model_group.on_context, on_content_filter), and the repeats of both. */
#define ATTEMPTS_MAX (2 * PLAN_MAX + REPEATS_MAX)

/*   DONE ─▶ STARTED ──first content──▶ ANSWERING ──complete, failed, canceled───▶ DONE
 *            │ │                                                                  ▲ ▲
 *            │ └──────────── complete and not streamed, failed, canceled ─────────┘ │
 *            └─ the other attempt answers ─▶ LOST ──call canceled, from the loop ───┘
 *
 * The result of an attempt that is LOST or DONE is recorded: in its deployment's health, the cost, the request log. */
enum attempt_state { ATTEMPT_DONE, ATTEMPT_STARTED, ATTEMPT_ANSWERING, ATTEMPT_LOST, ATTEMPT_STATES };

/* One call to one deployment: from the body to the last byte of the reply. The results of a finished attempt (usage,
 * wire) stay readable until the next attempt reuses the struct. */
struct attempt {
    struct request *request; /* the request it belongs to */
    enum attempt_state state;
    const struct deployment *deployment;   /* NULL: not used yet */
    unsigned plan_index;                   /* index in the request's plan */
    unsigned repeated;                     /* number of earlier calls to the deployment that this one repeats */
    uint64_t started_ms, first_content_ms; /* ms, monotonic; 0: not yet */
    struct health_attempt health_attempt;
    struct provider_body body;
    struct login_wait login_wait; /* waiting for the sign-in */
    unsigned credential;          /* from sign_in_headers(), for sign_in_rejected() */
    unsigned sign_ins;            /* repeated sign-ins after a 401 */
    struct call *call;
    bool paused;
    bool more;                    /* more bytes of the reply have arrived: sending may wait for them */
    struct buf error_body;        /* of a reply with an error status */
    struct failure_source source; /* names the deployment in failures that the relay finds */
    int64_t output_held;          /* tokens of a stream up to which the key's hold has grown */
    struct relay *relay;
    struct relay *recorder;    /* converts the same reply to the cache's form; NULL: it is not cached */
    struct slice recorded;     /* the reply in that form, owned by `recorder`; empty: not complete yet */
    struct failure failure;    /* set before request_attempt_failed() */
    struct omissions *omitted; /* parts that its request leaves out, owned; NULL: none */
};

enum request_state {
    REQUEST_NEW,
    REQUEST_LOOKING, /* waits for Redis, the question's vector, or an equal request */
    REQUEST_CALLING, /* an attempt is in flight; nothing was sent to the client */
    REQUEST_WAITING, /* waits before it repeats an attempt */
    REQUEST_OPEN,    /* a stream has begun to reach the client */
    REQUEST_ENDED,   /* answered or canceled */
    REQUEST_STATES,
};

/* What the virtual key of a request holds. */
struct holding {
    struct key_ref key;             /* account 0: the table does not know the key */
    struct key_hold hold;           /* what it holds for this request; zeros: nothing */
    int64_t held_nano, held_tokens; /* the same, in nano-USD, and for its limits of tokens */
    int64_t charged_nano;           /* cost of the attempts that have ended, nano-USD */
    bool unpriced;                  /* the cost of one of them is unknown */
    bool settled;                   /* `limits` are those after the request */
    struct gate_limits limits;
    const struct key_refusal *refused; /* while such a refusal is sent; else NULL */
};

struct request {
    struct client_user user; /* the first member: the client knows only it */
    struct exchange_shared *shared;
    struct request *next, **back; /* in shared->all */
    struct client *client;        /* NULL once the reply is finished or the client is gone */
    enum request_state state;
    enum entrance entrance;
    char id[REQUEST_ID_LEN + 1];
    char effort[EFFORT_NAME_MAX]; /* for the session log; "": none, or no such log */
    char run_id[RUN_ID_MAX + 1];  /* "pointsman run"'s id; "": none given */
    struct client_name name;      /* the client's; without a request log: empty */
    uint64_t started_ms;          /* ms, monotonic */
    int64_t started_unix_ms;
    uint64_t heard_ms;    /* ms, monotonic: last progress of the reply */
    uint64_t mark_us;     /* us, monotonic: when the proxy last began to work on it */
    uint64_t overhead_us; /* us: the proxy's own work before that */

    struct model_request model_request;
    const struct model_group *group;  /* the group the client requested */
    struct markov_decision *adaptive; /* NULL: no decision of the adaptive router */
    uint64_t affinity_key;            /* hash of conversation and group */
    struct prompt_segments prompt;    /* for the request log; zeros without one */
    struct prefix turn_before;        /* copy of the line that prompt.line names; see route/prefixes.h */
    bool on_prompt_fallback;          /* the plan is that of a context or content fallback */
    unsigned failed;                  /* number of deployments of the plan that failed; hedges do not count */
    unsigned repeats;                 /* number of attempts that repeated a call */
    double reserved_usd, hedge_usd;   /* USD reserved for the plan, and for a hedge */
    struct holding *holding;          /* NULL: no key store; it lies behind the request */

    /* The current attempt: the one that answers; else the one in flight, with a hedge the earlier of the two; else the
     * last that failed. */
    struct attempt *attempt;
    struct attempt first;
    struct attempt *second;     /* the hedge; NULL: none */
    struct caching *caching;    /* owned by caching.c; NULL: no cache is configured, or there is no plan */
    struct event *wait, *hedge; /* timers: to repeat a call, to start a hedge; NULL: not needed yet */

    /* Large, so request_make() does not clear the members from here on. They are initialized before use. */
    struct plan plan;
    struct failure failure; /* the client's error if no attempt is left */
    unsigned ended_count;
    struct journal_attempt ended[ATTEMPTS_MAX]; /* finished attempts, in order of their ends */
};

/* Read-only access to the deployment's health. */
static inline const struct health *attempt_health(const struct attempt *a)
{
    return &a->request->shared->health[a->deployment->index];
}

/* request.c */

/* The attempt has content: it answers the request. */
void request_open(struct attempt *a);
/* The attempt's reply is complete; `last` is its rest. Ends the request, which may be freed. */
void request_complete(struct attempt *a, struct slice last);
/* The attempt failed with a->failure and its call is done. Repeats it, starts the next attempt, or ends the request,
 * which may be freed. `status`: HTTP status; 0: none. */
void request_attempt_failed(struct attempt *a, int status);
/* Frees a request that has ended, unless the call of a lost attempt has yet to be canceled, or its question is still
 * compared (caching_compare()). */
void request_free_if_done(struct request *r);
/* Stop and restart counting the time of the proxy's own work, while the request waits for an upstream or a timer. */
void request_waits(struct request *r);
void request_works(struct request *r);

/* create.c */

/* Makes a request in state NEW for the client. NULL: out of memory. */
struct request *request_make(struct exchange_shared *shared, struct client *client, enum entrance entrance);
void request_free(struct request *r);

/* attempt.c */

/* How an attempt ends. */
enum attempt_end {
    END_FINAL,     /* it answered, or failed and is not repeated */
    END_REPEATED,  /* it failed, and the same deployment is called again: not counted as a failure yet */
    END_CANCELLED, /* the client disconnected, or the process stops: not a result of the deployment */
    END_LOST,      /* canceled because the other attempt has content, or the request ends */
};

/* Starts an attempt at plan index `plan_index`, in the struct of a finished one. */
void attempt_begin(struct attempt *a, unsigned plan_index, unsigned repeated);
/* Moves the attempt to ANSWERING. */
void attempt_answers(struct attempt *a);
/* Records the result and moves the attempt to DONE, or, for END_LOST, to LOST. `f` NULL: no failure. It becomes the
 * last entry of request.ended. */
void attempt_end(struct attempt *a, const struct failure *f, int status, enum attempt_end how);
/* Cancels the call. A LOST attempt becomes DONE and its contents are freed. Not from a call's callbacks. */
void attempt_cancel(struct attempt *a);
/* Frees what `a` owns, not `a`. May be called again. */
void attempt_free(struct attempt *a);

/* plan.c */

/* Plans the attempts. Returns 0, or the HTTP status with which to refuse the request; `error` is then set. If it
 * returns 0 and r->plan is empty, r->failure has the reason. */
MUST_CHECK int request_plan(struct request *r, struct model_request_error *error);
/* Returns the ms to wait before repeating the failed attempt; -1: do not repeat. */
MUST_CHECK int request_repeat_ms(const struct attempt *a);
/* Finds the attempt after one that failed with `f`, and sets *plan_index to its index in r->plan. May replace r->plan
 * by that of a context or content fallback. false: none. */
MUST_CHECK bool request_next(struct request *r, const struct failure *f, unsigned *plan_index);
/* Returns the index of the plan's first deployment that is available now. */
unsigned request_first(const struct request *r);
/* Returns whether the deployment belongs to another group than the one that the client requested. */
bool request_is_fallback(const struct request *r, const struct deployment *d);

/* call.c */

/* Starts the attempt's call, after sign_in_get(). a->call stays NULL if out of memory. */
void attempt_start_call(struct attempt *a, const struct call_events *events);
/* Creates the relay for the reply. false: out of memory. */
MUST_CHECK bool attempt_make_relay(struct attempt *a, bool event_stream);
/* Returns whether a finished call failed at the HTTP level; a->failure is then set. `kind` and `message`: the
 * transport's failure. */
MUST_CHECK bool attempt_reply_failed(struct attempt *a, const struct call_reply *reply, enum failure_kind kind,
                                     const char *message);

/* hedge.c */

/* Starts the hedge timer: if a stream has no content within hedge_after_ms, the next deployment is called too. */
void hedge_arm(struct request *r);
/* The attempt has content: ends the other one, if any, as lost. */
void hedge_won(struct attempt *a);
/* Called when an attempt failed. true: the other one is in flight and continues, and this function has recorded the
 * failure. */
MUST_CHECK bool hedge_continues(struct attempt *a, int status);
/* Ends the attempt that is not current and cancels its call. Not from a call's callbacks. */
void hedge_drop(struct request *r);

/* omit.c */

/* Sets a->omitted to the parts that the deployment is known to refuse, and those of this request that it has refused.
 * false: out of memory. */
MUST_CHECK bool omit_begin(struct attempt *a);
/* Returns the parts that the request can leave out after this failure, to call the same deployment again at once; free
 * with free(). NULL: none, or out of memory. */
struct omissions *omit_find(const struct attempt *a);
/* Returns provider_body_make()'s options for the attempt. `omit`: the parts to leave out; NULL: none. */
struct provider_body_options omit_body_options(const struct attempt *a, const struct omissions *omit);
/* Returns whether the failure means that the server lacks the attempt's API, and the deployment may support the other
 * one, if not for this request. */
bool omit_can_switch_api(const struct attempt *a);

/* outcome.c: the only file of this folder that writes deployments' health, through route/health.h. */

void outcome_started(struct attempt *a);
/* The first content of a stream arrived. */
void outcome_answered(struct attempt *a);
/* Stores the provider's rate limits from the reply's head. */
void outcome_limits(const struct attempt *a, const struct call_reply *reply);
/* The deployment answered a request without the parts that it had refused: later requests leave these out too. */
void outcome_omitted(const struct attempt *a);
/* The deployment lacks the API of the attempt. */
void outcome_lacks_api(const struct attempt *a);
/* See attempt_end(). */
void outcome_ended(struct attempt *a, const struct failure *f, int status, enum attempt_end how);
/* The request ended and its client was answered: feeds the adaptive router's canary. */
void outcome_request_ended(const struct request *r);

/* debug.c: these do nothing without a debug log. */

/* The request is planned; `why`: why no deployment is available. */
void debug_planned(const struct request *r, const char *why);
/* The attempt's call begins. */
void debug_called(const struct attempt *a);
/* The attempt's result is the last of request.ended. */
void debug_ended(const struct attempt *a, int64_t ttft_ms, enum attempt_end how);

/* spending.c */

/* Removes attempts above the spending limits from the plan, and reserves the cost of the most expensive remaining one;
 * this replaces an earlier reservation. false: no attempt is left; r->failure has the reason. */
bool request_reserve_plan(struct request *r, struct plan *plan);
/* Returns the estimated cost of a call, USD, from the usual reply length; NAN: unknown prices. */
double request_estimate(const struct request *r, const struct deployment *d);
/* Returns whether the spending limits allow this cost. */
bool request_affords(const struct request *r, double usd);
/* Reserves the cost of a hedge, until one of the two attempts ends. */
void request_reserve_hedge(struct request *r, double usd);
void request_release_hedge(struct request *r);
/* Releases all reservations. */
void request_release_reserved(struct request *r);
/* Returns the cost of the attempt, USD; NAN: unknown. An interrupted attempt costs as much as its prompt. */
double attempt_cost(const struct attempt *a, const struct usage *usage, const struct failure *f, enum attempt_end how);
/* Adds the cost to the spending. */
void request_charge(struct request *r, double usd);

/* holding.c */

/* Replaces the model that the client named by the one that its key means by it. */
void holding_rename(struct request *r);
/* The request has a plan: holds what it may cost. false: the key may not call the model, or a limit has no room;
 * `refusal` has the reason. */
MUST_CHECK bool holding_begin(struct request *r, struct key_refusal *refusal);
/* An attempt begins: what failed attempts cost, and a second one in flight, are held, too. */
void holding_attempt(struct request *r);
/* More of a streamed reply has arrived. */
void holding_stream(struct attempt *a);
/* An attempt has ended; USD, NAN: unknown. */
void holding_charge(struct request *r, double usd);
/* Pays what the attempts have cost, and releases the rest. Call before the end of the reply is sent: what the client
 * has is paid. May be called again. */
void holding_settle(struct request *r, int status);
/* Reads the names of the request's virtual key; its hash stands for a missing alias. false: there is no such key. */
bool holding_names(const struct request *r, struct gate_names *names);
/* Reads the key's first budget as a quota window. false: there is none that begins again. */
bool holding_quota(const struct request *r, struct rate_limits *quota);
/* Appends header fields about the key's limits and spending. */
void holding_fields(const struct request *r, struct buf *out);

/* caching.c */

enum caching_found {
    CACHING_NONE,  /* call an upstream */
    CACHING_HIT,   /* *send is the whole reply, owned by r->attempt->relay */
    CACHING_WAITS, /* the request waits for Redis, a vector, or an equal request in flight; `woken` is called from the
                      loop */
};
/* Looks for a cached reply to a request that has a plan. `woken` gets the request. A cache is configured. */
enum caching_found caching_look(struct request *r, void (*woken)(evutil_socket_t, short, void *), struct slice *send);
/* The same, called by `woken`. */
enum caching_found caching_landed(struct request *r, void (*woken)(evutil_socket_t, short, void *), struct slice *send);
/* The client of the request disconnected: the request stops waiting. If the request that it
 * waited for has no client either, and no other request waits for it, returns that one: cancel it. Else NULL. */
struct request *caching_leave(struct request *r);
/* The client of the request disconnected. true: other requests wait for this one, so it continues without a client, and
 * has taken over the client's body. */
MUST_CHECK bool caching_goes_on(struct request *r);
/* Returns whether the request continues without its client. */
bool caching_detached(const struct request *r);
/* Returns the body of such a request. */
struct slice caching_body(const struct request *r);
/* Starts recording the attempt's reply if it may be cached. `event_stream`: as for attempt_make_relay(). */
void caching_watch(struct attempt *a, bool event_stream);
void caching_feed(struct attempt *a, struct slice bytes);
/* The attempt's reply is complete: caches it, and passes it to the requests that wait for it. */
void caching_complete(struct attempt *a);
/* Notes that the conversation gets the reply. Call before sending its last bytes. */
void caching_gives(struct request *r);
/* The request ends: wakes the requests that wait for it without a reply, and stops its own waiting. */
void caching_end(struct request *r);
void caching_free(struct request *r);
/* The request has ended, and its client has the reply. true: its question is now compared with earlier ones. The
 * comparison ends with request_journal(), with these arguments, and request_free_if_done(). */
MUST_CHECK bool caching_compare(struct request *r, int status, const char *how);
/* Returns whether the comparison is in progress. */
bool caching_compares(const struct request *r);
/* Ends the comparison without a result. Does nothing if there is none. */
void caching_end_comparison(struct request *r);
/* Returns whether the reply is from the cache or an equal request, without a call for this request. */
bool caching_answered(const struct request *r);
/* Appends the header fields Cache-Status and x-litellm-cache-key. r->caching must be set. */
void caching_fields(const struct request *r, struct buf *out);
/* Returns the cache's part of the request log line. r->caching must be set. */
struct journal_cache caching_journal(const struct request *r);

/* reply.c */

/* Returns the request's body, even after the client disconnected. */
struct slice request_body(const struct request *r);
/* Sends a piece of a stream. This and the functions below do nothing if the request has no client. */
void request_send(struct request *r, struct slice bytes, bool more);
/* The body is not needed any longer. */
void request_forget_body(struct request *r);
/* Returns whether the client's buffer is full for now. */
bool request_is_full(const struct request *r);
/* Sends a whole reply and releases the client. `retry_after_s` -1: no such header. */
void request_send_reply(struct request *r, int status, int retry_after_s, const char *content_type, struct slice body);
/* The same with a JSON body; a 503 if `body` failed for lack of memory. */
void request_send_body(struct request *r, int status, int retry_after_s, const struct buf *body);
/* Sends the failure in OpenAI's error format. Returns its status, from the failure's rule. */
int request_send_failure(struct request *r, const struct failure *f);
/* Sends the head of a streamed reply. */
void request_start_stream(struct request *r);
/* Sends the last bytes, ends the stream and releases the client. */
void request_end_stream(struct request *r, struct slice last);
/* Closes the connection within a stream and releases the client. */
void request_abort_stream(struct request *r);
/* Writes the request log line. `how`: journal_entry.end. */
void request_journal(const struct request *r, int status, const char *how);

#endif
