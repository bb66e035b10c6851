/* loop: the keeper's process. */
#include "proxy/keys/keeper.h"

#include "common/clock.h"
#include "common/log.h"
#include "proxy/keys/admin.h"
#include "proxy/keys/channel.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define GROUP_MS 20        /* calls that end within this time are one transaction */
#define BATCH 2000         /* most of them */
#define RETRY_MS 1000      /* after a failed one */
#define COMPLAIN_MS 60000u /* between log lines about the same fault */
#define OPEN_MS 1000       /* a call that is open for so long gets a row */
#define FORGET_S 3600      /* between removals of old calls */
#define ANSWER_MAX CHANNEL_FRAME_MAX

struct keeper {
    const struct keeper_options *options;
    struct objects objects;
    struct gate gate;
    struct event_base *base;
    struct event *wake, *timer, *tick;
    struct peer {
        struct keeper *keeper;
        struct channel *channel;
        bool closed;
    } *peers;
    unsigned open;
    unsigned ticks;                 /* seconds since the start */
    uint64_t complained_ms;         /* ms, monotonic; 0: not since the last success */
    uint64_t recorded[CALLS_SLOTS]; /* by slot: the id of the open call that has a row */
};

static struct key_store *store_of(const struct keeper *k)
{
    return k->objects.store;
}

static void arm(struct keeper *k, int ms)
{
    struct timeval wait = {ms / 1000, ms % 1000 * 1000};
    if (evtimer_add(k->timer, &wait) != 0)
        event_active(k->timer, EV_TIMEOUT, 0); /* out of memory: at once */
}

static void complain(struct keeper *k)
{
    uint64_t now = clock_monotonic_ms();
    if (k->complained_ms && now - k->complained_ms < COMPLAIN_MS)
        return;
    k->complained_ms = now;
    log_error("%s: can't store calls: %s: they are kept in %s-calls until it works again", k->options->path,
              key_store_error(store_of(k)), k->options->path);
}

/* Stores the calls of these slots, at most BATCH; returns their number. Negative: an error, and none was stored. */
static int store_closed(struct keeper *k, unsigned slots[BATCH])
{
    struct calls *calls = k->gate.calls;
    int count = 0;
    bool ok = key_store_begin(store_of(k));
    unsigned i = calls_find(calls, CALL_CLOSED, 0);
    for (; ok && i < calls_end(calls) && count < BATCH; i = calls_find(calls, CALL_CLOSED, i + 1)) {
        ok = key_store_add_call(store_of(k), calls_slot(calls, i));
        slots[count++] = i;
    }
    ok = ok && key_store_commit(store_of(k));
    if (ok)
        return count;
    complain(k);
    key_store_rollback(store_of(k));
    return -1;
}

/* Takes all closed calls into the store. false: an error; try again later. */
static bool drain(struct keeper *k)
{
    static unsigned slots[BATCH];
    int count;
    do {
        if (calls_find(k->gate.calls, CALL_CLOSED, 0) == calls_end(k->gate.calls))
            return true;
        count = store_closed(k, slots);
        for (int i = 0; i < count; i++)
            gate_free_slot(&k->gate, slots[i]);
    } while (count == BATCH);
    if (count >= 0 && k->complained_ms) {
        k->complained_ms = 0;
        log_info("%s: calls are stored again", k->options->path);
    }
    return count >= 0;
}

static void on_timer(evutil_socket_t fd, short what, void *ctx)
{
    struct keeper *k = ctx;
    (void)fd, (void)what;
    if (!drain(k))
        arm(k, RETRY_MS);
    else if (!gate_sleep(&k->gate))
        arm(k, GROUP_MS);
}

static void on_wake(evutil_socket_t fd, short what, void *ctx)
{
    struct keeper *k = ctx;
    uint64_t count;
    (void)what;
    if (read(fd, &count, sizeof count) == (ssize_t)sizeof count && !evtimer_pending(k->timer, NULL))
        arm(k, GROUP_MS);
}

/* Removes calls that are older than the configuration wants them. */
static void forget(struct keeper *k)
{
    const struct period *retention = &k->options->retention;
    int64_t now = clock_unix_ms();
    if (retention->unit == PERIOD_NEVER)
        return;
    if (!(key_store_begin(store_of(k)) && key_store_forget(store_of(k), 2 * now - period_after(retention, now), now) &&
          key_store_commit(store_of(k)))) {
        complain(k);
        key_store_rollback(store_of(k));
    }
}

/* Gives long calls a row, so that a power failure does not lose them. */
static void on_tick(evutil_socket_t fd, short what, void *ctx)
{
    struct keeper *k = ctx;
    struct calls *calls = k->gate.calls;
    int64_t now = clock_unix_ms();
    bool begun = false, ok = true;
    (void)fd, (void)what;
    if (k->ticks++ % FORGET_S == 0)
        forget(k);
    if (!calls_in_use(calls))
        return;
    for (unsigned i = calls_find(calls, CALL_OPEN, 0); ok && i < calls_end(calls);
         i = calls_find(calls, CALL_OPEN, i + 1)) {
        struct call_slot copy = *calls_slot(calls, i);
        if (i >= CALLS_SLOTS || copy.state != CALL_OPEN || k->recorded[i] == copy.id || now - copy.started_ms < OPEN_MS)
            continue;
        begun = begun || (ok = key_store_begin(store_of(k)));
        ok = ok && key_store_add_call(store_of(k), &copy);
        if (ok)
            k->recorded[i] = copy.id;
    }
    if (begun && !(ok && key_store_commit(store_of(k)))) {
        complain(k);
        key_store_rollback(store_of(k));
    }
}

/* A request: method, path, query, caller and body, each but the last with a NUL at its end. */
static bool split(struct slice frame, struct slice parts[5])
{
    for (unsigned i = 0; i < 4; i++) {
        const char *end = memchr(frame.ptr, '\0', frame.len);
        if (!end)
            return false;
        parts[i] = (struct slice){frame.ptr, (size_t)(end - frame.ptr)};
        frame = (struct slice){end + 1, frame.len - parts[i].len - 1};
    }
    parts[4] = frame;
    return true;
}

static void on_frame(void *ctx, uint32_t tag, struct slice frame)
{
    struct peer *peer = ctx;
    struct keeper *k = peer->keeper;
    struct slice parts[5];
    struct buf body;
    char status[4];
    buf_init(&body, ANSWER_MAX - sizeof status);
    int number = 400;
    if (split(frame, parts)) {
        (void)drain(k); /* so that the answer knows the calls that have ended; drain() logs a failure */
        const struct admin_request request = {
            parts[0], parts[1], parts[2], parts[4], parts[3], clock_unix_ms(), clock_monotonic_ms()};
        number = admin_answer(&k->objects, &request, &body);
    }
    if (body.failed) {
        number = 503;
        buf_free(&body);
    }
    (void)snprintf(status, sizeof status, "%d", number);
    const struct slice answer[] = {{status, 3}, buf_slice(&body)};
    if (!channel_send(peer->channel, tag, answer, 2))
        log_error("out of memory: an answer about virtual keys is lost");
    buf_free(&body);
}

static void on_closed(void *ctx)
{
    struct peer *peer = ctx;
    struct keeper *k = peer->keeper;
    peer->closed = true;
    if (--k->open == 0)
        event_base_loopbreak(k->base);
}

/* Calls that were under way when everything ended cost what they held. */
static bool settle_crashed(struct keeper *k)
{
    struct calls *calls = k->gate.calls;
    unsigned count = 0;
    int64_t now = clock_unix_ms();
    for (unsigned i = calls_find(calls, CALL_OPEN, 0); i < calls_end(calls); i = calls_find(calls, CALL_OPEN, i + 1)) {
        struct call_slot *slot = calls_slot(calls, i);
        slot->nano = slot->held_nano;
        slot->ended_ms = now;
        slot->flags |= CALL_ESTIMATED;
        slot->state = CALL_CLOSED;
        count++;
    }
    bool ok = drain(k) && key_store_begin(store_of(k));
    int lost = ok ? key_store_settle_lost(store_of(k), calls) : -1;
    ok = lost >= 0 && key_store_commit(store_of(k));
    if (!ok)
        key_store_rollback(store_of(k));
    if (count || lost > 0)
        log_warning("%s: calls that were under way at a crash: %d: each costs what it held", k->options->path,
                    (int)count + (lost > 0 ? lost : 0));
    return ok;
}

static bool put_master(struct keeper *k)
{
    const struct account_def account = {.id = table_account_id(ACCOUNT_MASTER, (struct slice){NULL, 0}),
                                        .kind = ACCOUNT_MASTER,
                                        .rpm = -1,
                                        .tpm = -1,
                                        .parallel = -1};
    struct key_def key = {.account = account.id, .master = true, .routes = KEY_ROUTE_ALL};
    const int64_t none[ACCOUNT_BUDGETS] = {0};
    memcpy(key.hash, k->options->master_hash, sizeof key.hash);
    bool ok = table_put_account(k->gate.table, &account, clock_unix_ms()) == TABLE_OK &&
              table_put_key(k->gate.table, &key) == TABLE_OK;
    gate_set_spent(&k->gate, account.id, key_store_charged(store_of(k), account.id, 0), none, clock_unix_ms());
    return ok;
}

static bool fill(struct keeper *k)
{
    struct buf error;
    buf_init(&error, 1024);
    k->objects.store = key_store_open(k->options->path, &error);
    bool ok = k->objects.store != NULL;
    if (ok) {
        calls_begin_at(k->gate.calls, key_store_last_call(k->objects.store) + 1);
        ok = settle_crashed(k);
        if (!ok)
            buf_add_format(&error, "%s: can't write the key store: %s", k->options->path, key_store_error(store_of(k)));
    }
    ok = ok && objects_load(&k->objects, clock_unix_ms(), &error);
    if (ok && !put_master(k)) {
        BUF_ADD(&error, "the master key is also a virtual key: delete that key, or choose another master key");
        ok = false;
    }
    if (!ok)
        log_error("%s", buf_message(&error));
    buf_free(&error);
    return ok;
}

static bool open_channels(struct keeper *k)
{
    const struct keeper_options *o = k->options;
    k->peers = calloc(o->channel_count, sizeof *k->peers);
    for (unsigned i = 0; k->peers && i < o->channel_count; i++) {
        k->peers[i].keeper = k;
        k->peers[i].channel =
            channel_new(k->base, o->channels[i], &(struct channel_events){on_frame, on_closed, &k->peers[i]});
        if (!k->peers[i].channel)
            return false;
        k->open++;
    }
    return k->peers != NULL;
}

static bool set_up(struct keeper *k)
{
    struct timeval second = {1, 0};
    k->base = event_base_new();
    if (!k->base)
        return false;
    k->wake = event_new(k->base, k->options->wake_fd, EV_READ | EV_PERSIST, on_wake, k);
    k->timer = evtimer_new(k->base, on_timer, k);
    k->tick = event_new(k->base, -1, EV_PERSIST, on_tick, k);
    return k->wake && k->timer && k->tick && event_add(k->wake, NULL) == 0 && event_add(k->tick, &second) == 0 &&
           open_channels(k);
}

static void tear_down(struct keeper *k)
{
    struct event *events[] = {k->wake, k->timer, k->tick};
    for (unsigned i = 0; k->peers && i < k->options->channel_count; i++)
        channel_free(k->peers[i].channel);
    free(k->peers);
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        if (events[i])
            event_free(events[i]);
    if (k->base)
        event_base_free(k->base);
    key_store_close(k->objects.store);
    free(k);
}

int keeper_run(const struct keeper_options *options)
{
    struct keeper *k = calloc(1, sizeof *k);
    int status = 1;
    if (!k) {
        log_error("out of memory: can't start the keeper of the virtual keys");
        return 1;
    }
    k->options = options;
    k->gate = options->gate;
    k->objects.gate = &k->gate;
    k->objects.zone = options->zone;
    if (fill(k)) {
        options->confine(options->confine_ctx);
        if (!set_up(k)) {
            log_error("out of memory: can't start the keeper of the virtual keys");
        } else {
            if (gate_sleep(&k->gate))
                (void)send(options->control, "READY", 5, MSG_NOSIGNAL);
            status = event_base_dispatch(k->base) < 0 || !drain(k) ? 1 : 0;
        }
    }
    tear_down(k);
    return status;
}
