/* loop: the serving process, from READY to exit. */
#include "proxy/serve/server.h"

#include "common/clock.h"
#include "common/log.h"
#include "proxy/answers/endpoints.h"
#include "proxy/cache/cache.h"
#include "proxy/serve/administration.h"
#include "proxy/serve/bodies.h"
#include "proxy/serve/memory.h"
#include "proxy/serve/notify.h"
#include "proxy/serve/ports.h"
#include "proxy/serve/report.h"
#include "proxy/serve/signals.h"
#include "proxy/exchange/sharing.h"

#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DRAIN_S 5          /* for requests in flight after SIGTERM */
#define KEEP_STATE_S 60    /* between saves of keep_state */
#define SIGN_INS_CHECK_S 5 /* between checks of the sign-ins */
#define SETTLE_MS 50       /* READY waits this long for the first probe results */

struct server {
    const struct server_options *options;
    struct event_base *base;
    struct port ports[ENTRANCES]; /* entries without a socket are unused */
    struct generation *now;       /* the configuration in force */
    struct generation *retired;   /* earlier configurations with requests in flight; a list */
    struct spending spending;
    struct bodies bodies;
    struct decisions *decisions;
    struct event *tick, *settle, *drain, *journal_flush, *control;
    struct signals signals;
    struct sign_in_errors sign_in_errors;
    unsigned ticks;
    bool ready, stopping;
    struct administration *administration; /* NULL: no key store */
    struct report report;
};

static void publish(struct server *s, const char *first);

/* Publishes the status if a sign-in works again, or does not any more. */
static void check_sign_ins(struct server *s)
{
    if (generation_check_sign_ins(s->now, &s->sign_in_errors) && s->ready)
        publish(s, "");
}

static struct answers answers_now(const struct server *s, enum entrance entrance)
{
    const struct generation *g = s->now;
    bool risk = entrance == ENTRANCE_RISK;
    struct answers now = {.config = g->setup.config,
                          .health = g->exchanges.health,
                          .now_ms = clock_monotonic_ms(),
                          .catalog = g->setup.catalog,
                          .risk_router = risk,
                          .strategy = risk ? g->setup.config->risk_strategy : g->setup.config->strategy,
                          .decisions = s->decisions,
                          .spending = &s->spending,
                          .adaptive = g->exchanges.adaptive,
                          .cache = g->exchanges.cache,
                          .share = s->options->share,
                          .unix_ms = clock_unix_ms(),
                          .log_dropped = journal_dropped(s->options->journal)};
    for (unsigned kind = 0; kind < SIGN_INS; kind++)
        now.sign_in_error[kind] = s->sign_in_errors.text[kind];
    return now;
}

/* POST /dispatch/reset. */
static void reset(struct server *s)
{
    if (s->options->share)
        share_request(s->options->share, SHARE_RESET);
    generation_reset(s->now);
    s->decisions->count = 0;
    log_info("deployment statistics reset (POST /dispatch/reset)");
}

static void on_request(struct client *client, enum endpoint endpoint, void *ctx)
{
    struct port *port = ctx;
    struct server *s = port->owner;
    enum wire wire = endpoint_wire(endpoint);
    if (wire) {
        request_begin(&s->now->exchanges, client, wire, port->entrance);
        return;
    }
    if (endpoint == ENDPOINT_KEYS && s->administration) {
        administration_ask(s->administration, client);
        return;
    }
    sharing_sync(&s->now->exchanges);
    if (endpoint == ENDPOINT_HEALTH)
        check_sign_ins(s);
    else if (endpoint == ENDPOINT_RESET)
        reset(s);
    struct running running[RUNNING_MAX];
    struct answers now = answers_now(s, port->entrance);
    now.key = client_key(client);
    now.gate = now.key && now.key->account && !now.key->master ? s->options->gate : NULL;
    now.running = running;
    now.running_count = request_list(&s->now->exchanges, now.now_ms, running, RUNNING_MAX);
    endpoint_answer(client, endpoint, &now);
}

static void on_arrived(uint64_t ticket, bool all, void *ctx)
{
    struct port *port = ctx;
    struct server *s = port->owner;
    if (s->now->exchanges.cache)
        recent_arrived(&s->now->exchanges.cache->recent, ticket, all);
}

/* Sends the status to the supervisor. */
static void publish(struct server *s, const char *first)
{
    struct answers now = answers_now(s, ENTRANCE_MAIN);
    report_send(&s->report, &now, first);
}

static void become_ready(struct server *s)
{
    if (s->ready)
        return;
    s->ready = true;
    evtimer_del(s->settle);
    publish(s, "READY=1\nSTATUS=serving\n");
    if (!s->options->worker)
        report_log_ready(s->now->setup.config, s->ports[ENTRANCE_MAIN].clients.admit.port,
                         s->ports[ENTRANCE_RISK].clients.admit.port);
    generation_preconnect(s->now);
}

static void on_probes_changed(void *ctx)
{
    struct server *s = ctx;
    if (s->ready)
        publish(s, "");
    else if (probes_settled(s->now->probes))
        become_ready(s);
}

static void on_settle(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    become_ready(arg);
}

/* Requests in flight in all generations. */
static unsigned requests_in_flight(const struct server *s)
{
    unsigned count = s->now->exchanges.count;
    for (const struct generation *g = s->retired; g; g = g->next)
        count += g->exchanges.count;
    return count;
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct server *s = arg;
    (void)fd, (void)what;
    request_tick_all(&s->now->exchanges);
    for (struct generation *g = s->retired; g; g = g->next)
        request_tick_all(&g->exchanges);
    generation_free_idle(&s->retired);
    memory_tick(!requests_in_flight(s));
    sharing_sync(&s->now->exchanges);
    if (s->options->share && share_is_requested(s->options->share, SHARE_RESET))
        generation_reset(s->now);
    sharing_flush(&s->now->exchanges);
    if (++s->ticks % SIGN_INS_CHECK_S == 0)
        check_sign_ins(s);
    if (s->ticks % KEEP_STATE_S == 0 && !s->stopping && !s->options->worker)
        generation_save(s->now, s->options->state_file); /* SIGKILL loses at most a minute */
    if (s->options->parent && s->ready && !s->stopping && !s->options->worker) {
        struct answers now = answers_now(s, ENTRANCE_MAIN);
        report_refresh(&s->report, &now);
    }
    if (s->stopping && !requests_in_flight(s))
        event_base_loopbreak(s->base);
}

static void on_journal_flush(evutil_socket_t fd, short what, void *arg)
{
    struct server *s = arg;
    (void)fd, (void)what;
    journal_flush(s->options->journal);
}

static void on_drain_over(evutil_socket_t fd, short what, void *arg)
{
    struct server *s = arg;
    (void)fd, (void)what;
    request_end_all(&s->now->exchanges);
    for (struct generation *g = s->retired; g; g = g->next)
        request_end_all(&g->exchanges);
    event_base_loopbreak(s->base);
}

static void stop(struct server *s, int signal_number)
{
    bool orphaned = s->options->parent && getppid() != s->options->parent;
    ports_close(s->ports); /* first, because unlink() may be slow */
    if (orphaned && s->options->key_file)
        (void)unlink(s->options->key_file);
    if (orphaned || s->stopping)
        _exit(orphaned ? 0 : 128 + signal_number);
    s->stopping = true;
    notify_send(SLICE("STOPPING=1\n"));
    for (unsigned i = 0; i < ENTRANCES; i++)
        client_close_idle(&s->ports[i].clients);
    if (!requests_in_flight(s))
        event_base_loopbreak(s->base);
    struct timeval limit = {DRAIN_S, 0}, often = {0, 20000};
    if (evtimer_add(s->drain, &limit) != 0)
        event_active(s->drain, EV_TIMEOUT, 0); /* out of memory: do not wait */
    event_add(s->tick, &often);                /* check often while draining */
}

static struct generation *make_generation(struct server *s, struct setup *setup)
{
    return generation_new(&(struct generation_options){s->base, &s->spending, &s->bodies.ceiling, s->decisions,
                                                       s->options->journal, s->journal_flush, s->options->share,
                                                       s->options->gate, administration_wake, s->administration,
                                                       on_probes_changed, s},
                          setup);
}

/* New requests use this generation from now on. */
static void put_in_force(struct server *s, struct generation *g)
{
    s->now = g;
    generation_limit_spending(g);
    bodies_limit(&s->bodies, g->setup.config, s->options->memory);
    for (unsigned i = 0; i < ENTRANCES; i++)
        s->ports[i].clients.admit.master_key = slice_of(g->setup.config->master_key);
    check_sign_ins(s);
}

static void reload(struct server *s)
{
    struct setup setup = {NULL, NULL};
    struct generation *fresh = NULL;
    struct buf error;
    buf_init(&error, 256u << 10);
    report_reload_started();
    if (s->options->load(&setup, &error, s->options->load_ctx))
        fresh = make_generation(s, &setup);
    if (fresh) {
        struct generation *old = s->now;
        generation_carry(old, fresh);
        put_in_force(s, fresh);
        generation_retire(old);
        old->next = s->retired;
        s->retired = old;
        if (!s->options->worker)
            log_info("reloaded: %u model groups from %s; the port stays %u", fresh->setup.config->group_count,
                     fresh->setup.config->path, s->ports[ENTRANCE_MAIN].clients.admit.port);
        publish(s, "READY=1\nSTATUS=serving, reloaded\n");
        generation_preconnect(fresh);
        generation_free_idle(&s->retired);
    } else if (!s->options->worker) {
        report_reload_failed(&error, s->now->setup.config->path);
    }
    buf_free(&error);
}

static void handle_signal(struct server *s, int signal_number)
{
    if (signal_number == SIGUSR1)
        journal_reopen(s->options->journal);
    else if (signal_number != SIGHUP || signals_terminal_gone(&s->signals, signal_number))
        stop(s, signal_number);
    else if (s->ready && !s->stopping)
        reload(s);
}

/* A worker takes signals from its parent only: a signal to the whole process group reaches both. */
static void on_signal(evutil_socket_t signal_number, short what, void *arg)
{
    struct server *s = arg;
    (void)what;
    if (s->options->control < 0 || getppid() != s->options->parent)
        handle_signal(s, signal_number);
}

/* Reads a signal number, one byte. End of file: the parent is gone. */
static void on_control(evutil_socket_t fd, short what, void *arg)
{
    char number;
    (void)what;
    ssize_t len = recv(fd, &number, 1, MSG_DONTWAIT);
    if (len == 0)
        _exit(0);
    if (len > 0)
        handle_signal(arg, number);
}

static bool set_up_ports(struct server *s)
{
    return ports_init(s->ports, &(struct ports_options){.base = s->base,
                                                        .fds = s->options->fds,
                                                        .hosts = s->options->hosts,
                                                        .bodies = &s->bodies.ceiling,
                                                        .gate = s->options->gate,
                                                        .request = on_request,
                                                        .arrived = on_arrived,
                                                        .owner = s});
}

static bool set_up_signals(struct server *s)
{
    if (!signals_open(&s->signals, s->base, on_signal, s))
        return false;
    if (s->options->control < 0)
        return true;
    s->control = event_new(s->base, s->options->control, EV_READ | EV_PERSIST, on_control, s);
    return s->control && event_add(s->control, NULL) == 0;
}

static bool set_up_events(struct server *s)
{
    struct timeval second = {1, 0};
    s->tick = event_new(s->base, -1, EV_PERSIST, on_tick, s);
    s->settle = evtimer_new(s->base, on_settle, s);
    s->drain = evtimer_new(s->base, on_drain_over, s);
    s->journal_flush = evtimer_new(s->base, on_journal_flush, s);
    return s->tick && s->settle && s->drain && s->journal_flush && event_add(s->tick, &second) == 0;
}

static bool set_up(struct server *s, struct setup *setup)
{
    s->base = event_base_new();
    s->decisions = calloc(1, sizeof *s->decisions);
    bodies_set_up(&s->bodies, s->options->share);
    if (!s->base || !s->decisions || !set_up_ports(s) || !set_up_events(s))
        return false;
    if (s->options->gate && !(s->administration = administration_new(s->base, s->options->keeper, s->options->wake_fd)))
        return false;
    struct generation *first = make_generation(s, setup);
    if (!first)
        return false;
    generation_load(first, s->options->state_file);
    put_in_force(s, first);
    /* Until here a signal ends the process at once: there are no clients yet, and the port is free sooner. */
    return ports_open(s->ports, s->options->fds) && set_up_signals(s);
}

static void tear_down(struct server *s)
{
    ports_close(s->ports);
    for (unsigned i = 0; i < ENTRANCES; i++)
        client_close_all(&s->ports[i].clients);
    if (!s->options->worker)
        generation_save(s->now, s->options->state_file);
    generation_free(s->now);
    while (s->retired) {
        struct generation *next = s->retired->next;
        generation_free(s->retired);
        s->retired = next;
    }
    administration_free(s->administration);
    spending_free(&s->spending);
    free(s->decisions);
    struct event *events[] = {s->tick, s->settle, s->drain, s->journal_flush, s->control};
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        if (events[i])
            event_free(events[i]);
    signals_close(&s->signals);
    if (s->base)
        event_base_free(s->base);
}

int server_run(const struct server_options *options, struct setup *setup)
{
    struct server s = {.options = options};
    int status = 1;
    if (!report_init(&s.report, options->harden) || !set_up(&s, setup)) {
        log_error("can't start: out of memory or descriptors");
    } else {
        struct timeval patience = {0, SETTLE_MS * 1000};
        if (evtimer_add(s.settle, &patience) != 0 || probes_settled(s.now->probes))
            become_ready(&s);
        status = event_base_dispatch(s.base) < 0 ? 1 : 0;
    }
    tear_down(&s);
    report_free(&s.report);
    setup_free(setup);
    return status;
}
