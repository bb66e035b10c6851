/* loop: provides the access token of the user's ChatGPT login, and renews it in time. */
#include "proxy/upstream/login.h"

#include "common/clock.h"
#include "proxy/terms/failure.h"
#include "proxy/upstream/login_known.h"

#include <event2/event.h>
#include <stdlib.h>

#define SKEW_S 60              /* a token must be valid for that long, to arrive in time */
#define LOOK_AGAIN_MS 25       /* between two readings of the file, while it is incomplete or another process renews */
#define TORN_PATIENCE_MS 2000  /* for an incomplete file */
#define LOCK_PATIENCE_MS 60000 /* longer than another process's call to the token endpoint */
#define ENDPOINT_TIMEOUT_MS 30000
#define ANSWER_MAX (64u << 10) /* bytes of the endpoint's reply */

struct login {
    struct upstream *upstream;
    const char *token_url;
    struct login_known known;
    struct login_wait *waiting;
    bool busy;         /* a renewal is in progress */
    uint64_t began_ms; /* ms, monotonic: its start */
    struct event *timer;
    struct call *call; /* to the token endpoint; NULL: none */
    struct buf body, answer;
};

/* Ends the renewal and notifies all waiting callers, which may call login_get() or login_cancel() again. */
static void settle(struct login *l, const struct failure *failure)
{
    struct failure copy;
    struct login_wait *line = l->waiting;
    if (failure)
        copy = *failure;
    l->waiting = NULL;
    l->busy = false;
    evtimer_del(l->timer);
    login_store_unlock(&l->known.store);
    if (line)
        line->back = &line;
    while (line) {
        struct login_wait *w = line;
        login_cancel(w);
        w->done(w->ctx, failure ? &copy : NULL);
    }
}

/* The renewal failed. The old token may still be valid for a moment. */
static void give_up(struct login *l, const struct failure *f)
{
    settle(l, login_known_usable(&l->known, 0) ? NULL : f);
}

static void look_again(struct login *l)
{
    const struct timeval wait = {0, LOOK_AGAIN_MS * 1000};
    if (evtimer_add(l->timer, &wait) != 0)
        event_active(l->timer, EV_TIMEOUT, 0); /* out of memory: at once; is_patient() limits it */
}

static bool is_patient(const struct login *l, uint64_t patience_ms)
{
    return clock_monotonic_ms() - l->began_ms < patience_ms;
}

static void take_answer(struct login *l, int status)
{
    struct failure f;
    struct buf why;
    buf_init(&why, 1024);
    switch (login_answer_read(status, buf_slice(&l->answer), &why)) {
    case LOGIN_ANSWER_FINAL:
        login_final(&l->known.final, buf_text(&why));
        give_up(l, &l->known.final);
        break;
    case LOGIN_ANSWER_LATER:
        failure_set(&f, FAILURE_SERVER, "%s", buf_text(&why));
        give_up(l, &f);
        break;
    case LOGIN_ANSWER_TOKENS:
        failure_set(&f, FAILURE_SERVER, "the token endpoint sent no new access token for the ChatGPT login");
        if (login_known_renew(&l->known, buf_slice(&l->answer)) && login_known_usable(&l->known, 0))
            settle(l, NULL);
        else
            give_up(l, &f);
        break;
    }
    buf_free(&why);
}

static enum call_flow on_body(void *ctx, const struct call_reply *reply, struct slice bytes)
{
    struct login *l = ctx;
    (void)reply;
    return buf_add_slice(&l->answer, bytes) ? CALL_GO_ON : CALL_STOP;
}

static void on_done(void *ctx, const struct call_reply *reply, enum failure_kind kind, const char *message)
{
    struct login *l = ctx;
    struct failure f;
    l->call = NULL;
    if (kind == FAILURE_NONE) {
        take_answer(l, reply->status);
    } else {
        failure_set(&f, kind, "can't renew the ChatGPT login: %s: %s", l->token_url, message);
        give_up(l, &f);
    }
    if (l->busy)
        return; /* a caller has started the next renewal */
    buf_wipe(&l->body);
    buf_wipe(&l->answer);
}

static const struct call_events endpoint_events = {on_body, on_done};

static void start_renewal(struct login *l)
{
    static const char *const no_fields[] = {NULL};
    /* The buffers get all their memory at once: one that grows would leave copies of tokens in freed memory. */
    buf_wipe(&l->body);
    buf_wipe(&l->answer);
    if (buf_reserve(&l->body, l->body.max) && buf_reserve(&l->answer, l->answer.max) &&
        login_refresh_body(l->known.tokens.refresh, &l->body))
        l->call = call_start(l->upstream,
                             &(struct call_request){.url = l->token_url,
                                                    .fields = no_fields,
                                                    .body = pieces_of(buf_slice(&l->body)),
                                                    .total_timeout_ms = ENDPOINT_TIMEOUT_MS},
                             &endpoint_events, l);
    if (!l->call) {
        struct failure f;
        failure_set(&f, FAILURE_INTERNAL, "out of memory: can't renew the ChatGPT login");
        give_up(l, &f);
    }
}

/* Renews the login, or waits for the process that has the lock. Returns whether to read the file again. */
static bool take_turn(struct login *l)
{
    struct failure f;
    bool ours = l->known.store.lock >= 0;
    enum login_lock lock = login_store_lock(&l->known.store);
    if (lock == LOGIN_LOCK_HELD && !ours)
        return true; /* the process that had it may have renewed the login */
    if (lock != LOGIN_LOCK_BUSY) {
        start_renewal(l);
    } else if (is_patient(l, LOCK_PATIENCE_MS)) {
        look_again(l);
    } else {
        failure_set(&f, FAILURE_TIMEOUT, "another process has held the lock of %s for %d s", l->known.store.path,
                    LOCK_PATIENCE_MS / 1000);
        give_up(l, &f);
    }
    return false;
}

/* Reads the file and acts on it. Returns whether to read it again. */
static bool step(struct login *l)
{
    struct failure f;
    const struct login_known *k = &l->known;
    enum login_reload result = login_known_reload(&l->known, &f);
    if (result == LOGIN_RELOAD_TORN && is_patient(l, TORN_PATIENCE_MS)) {
        look_again(l);
    } else if (result != LOGIN_RELOADED) {
        give_up(l, &f);
    } else if (login_known_usable(k, SKEW_S)) {
        settle(l, NULL);
    } else if (k->final.kind != FAILURE_NONE) {
        give_up(l, &k->final);
    } else if (!k->tokens.refresh) {
        login_final(&f, "the ChatGPT login has expired and has no refresh token; " LOGIN_ADVICE);
        give_up(l, &f);
    } else {
        return take_turn(l);
    }
    return false;
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    while (step(arg))
        continue;
}

struct login *login_new(struct event_base *base, struct upstream *upstream, const struct login_options *options)
{
    struct login *l = calloc(1, sizeof *l);
    if (!l)
        return NULL;
    l->upstream = upstream;
    l->token_url = options->token_url ? options->token_url : LOGIN_TOKEN_URL;
    buf_init(&l->body, LOGIN_TOKEN_MAX + 1024);
    buf_init(&l->answer, ANSWER_MAX);
    l->timer = evtimer_new(base, on_timer, l);
    if (login_store_open(&l->known.store, options->codex_home) && l->timer)
        return l;
    login_free(l);
    return NULL;
}

void login_free(struct login *l)
{
    if (!l)
        return;
    if (l->call)
        call_cancel(l->call);
    if (l->timer)
        event_free(l->timer);
    login_known_free(&l->known);
    buf_wipe(&l->body);
    buf_wipe(&l->answer);
    free(l);
}

static void join(struct login *l, struct login_wait *w)
{
    w->next = l->waiting;
    w->back = &l->waiting;
    if (w->next)
        w->next->back = &w->next;
    l->waiting = w;
}

bool login_present(struct login *l, struct failure *f)
{
    return l->busy || login_known_reload(&l->known, f) != LOGIN_RELOAD_FAILED;
}

void login_cancel(struct login_wait *w)
{
    if (!w->back)
        return;
    *w->back = w->next;
    if (w->next)
        w->next->back = w->back;
    w->next = NULL;
    w->back = NULL;
}

/* The result of a renewal that ended inside login_get(). */
struct outcome {
    bool ended;
    struct failure *failure;
};

static void on_outcome(void *ctx, const struct failure *failure)
{
    struct outcome *o = ctx;
    o->ended = true;
    *o->failure = failure ? *failure : (struct failure){.kind = FAILURE_NONE};
}

enum login_state login_get(struct login *l, struct login_wait *w, struct failure *failure)
{
    if (login_known_usable(&l->known, SKEW_S))
        return LOGIN_READY;
    if (!l->busy) {
        struct outcome outcome = {.ended = false, .failure = failure};
        struct login_wait first = {.done = on_outcome, .ctx = &outcome};
        l->busy = true;
        l->began_ms = clock_monotonic_ms();
        join(l, &first);
        while (step(l))
            continue;
        login_cancel(&first);
        if (outcome.ended)
            return failure->kind == FAILURE_NONE ? LOGIN_READY : LOGIN_FAILED;
    }
    join(l, w);
    return LOGIN_WAITING;
}

const char *login_access_token(const struct login *l)
{
    return l->known.tokens.access;
}

const char *login_account_id(const struct login *l)
{
    return l->known.tokens.account_id;
}

unsigned login_generation(const struct login *l)
{
    return l->known.generation;
}

void login_rejected(struct login *l, unsigned generation)
{
    if (generation == l->known.generation)
        login_known_reject(&l->known);
}
