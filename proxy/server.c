/* loop: everything that runs between READY and the end. */
#include "proxy/server.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/paths.h"
#include "common/secret.h"
#include "proxy/bridge/carrier.h"
#include "proxy/exchange.h"
#include "proxy/front/answers.h"
#include "proxy/front/listener.h"
#include "proxy/notify.h"
#include "proxy/upstream/probe.h"

#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BODY_MAX (64u << 20)     /* bytes of a request */
#define CLIENTS_MAX 10000
#define DRAIN_S 5
#define LOGIN_LOOK_S 5           /* between two looks whether Codex is logged in */
#define SETTLE_MS 50             /* how long READY waits for the local probes' first answers */

struct server {
    const struct server_options *options;
    struct event_base *base;
    struct client_shared clients;
    struct exchange_shared exchanges;
    struct listener *listener;
    struct probes *probes;
    struct event *tick, *settle, *drain, *journal_flush, *signals[2];
    char no_login[sizeof((struct failure *)0)->message];
    unsigned ticks;
    bool ready, stopping;
};

static void publish(struct server *s, const char *first);

/* Looks whether Codex is logged in, for those who are shown which aliases are ready. */
static void look_at_login(struct server *s)
{
    struct failure f = {.message = ""};
    if (!s->exchanges.login || login_present(s->exchanges.login, &f))
        *f.message = '\0';
    bool news = strcmp(s->no_login, f.message) != 0;
    (void)snprintf(s->no_login, sizeof s->no_login, "%s", f.message);
    if (news && s->ready)
        publish(s, "");
}

static struct answers answers_now(const struct server *s)
{
    return (struct answers){.config = s->options->config, .health = s->exchanges.health, .now_ms = clock_monotonic_ms(),
                            .no_login = s->no_login, .catalog = s->options->catalog};
}

static const struct refusal
    no_model = {404, "invalid_request_error", "model_not_found",
                "This model is not configured here; GET /v1/models lists those that are.", NULL},
    not_stored = {404, "invalid_request_error", "response_not_found",
                  "Responses are not stored here: none can be read, cancelled, compacted or deleted. Send the whole "
                  "conversation with each POST /v1/responses.", NULL};

static void refuse(struct client_reply *reply, const struct refusal *refusal, struct buf *body)
{
    reply->status = refusal->status;
    (void)refusal_body(refusal, body);
}

static void answer(struct client *client, enum endpoint endpoint, struct server *s)
{
    struct answers now = answers_now(s);
    struct slice path = client_head(client)->path, name;
    struct client_reply reply = {200, "application/json", {NULL, 0}, {NULL, 0}};
    struct buf body;
    buf_init(&body, ANSWERS_MODELS_MAX);
    switch (endpoint) {
    case ENDPOINT_MODELS:
        (void)answers_models(&now, &body);
        break;
    case ENDPOINT_MODEL:
        name = slice_starts(path, "/v1/models/") ? (struct slice){path.ptr + 11, path.len - 11}
                                                  : (struct slice){path.ptr + 8, path.len - 8};
        if (!answers_model(&now, name, &body))
            refuse(&reply, &no_model, &body);
        break;
    case ENDPOINT_STORED:
        refuse(&reply, &not_stored, &body);
        break;
    case ENDPOINT_HEALTH:
        look_at_login(s);
        (void)answers_health(&now, &body);
        break;
    case ENDPOINT_LIVENESS:
        BUF_ADD(&body, "\"I'm alive!\"");
        break;
    case ENDPOINT_READINESS:
        BUF_ADD(&body, "{\"status\":\"healthy\",\"db\":\"Not connected\"}");
        break;
    case ENDPOINT_CHAT:
    case ENDPOINT_RESPONSES:
    case ENDPOINT_COMPLETIONS:
    case ENDPOINT_EMBEDDINGS:
        break;   /* the exchange's */
    }
    reply.body = buf_slice(&body);
    client_send_reply(client, &reply);
    buf_free(&body);
}

static void on_request(struct client *client, enum endpoint endpoint, void *ctx)
{
    struct server *s = ctx;
    enum wire wire = endpoint_wire(endpoint);
    if (wire)
        exchange_begin(&s->exchanges, client, wire);
    else
        answer(client, endpoint, s);
}

static void on_gone(void *user, void *ctx)
{
    (void)ctx;
    if (user)
        exchange_client_gone(user);
}

static void on_drained(void *user, void *ctx)
{
    (void)ctx;
    if (user)
        exchange_client_drained(user);
}

/* Tells the supervisor what it shows to people: which aliases are ready, and what protects the process. */
static void publish(struct server *s, const char *first)
{
    struct answers now = answers_now(s);
    struct buf fields;
    buf_init(&fields, 32u << 10);
    buf_add_text(&fields, first);
    BUF_ADD(&fields, "X_POINTSMAN_STATUS={\"version\":\"" PACKAGE_VERSION "\",\"aliases\":");
    (void)answers_aliases(&now, &fields);
    BUF_ADD(&fields, ",\"hardening\":");
    (void)harden_json(s->options->harden, &fields);
    BUF_ADD(&fields, "}\n");
    if (!fields.failed)
        notify_send(buf_slice(&fields));
    else
        log_warning("the status for the session page is too long; the page won't show the aliases");
    buf_free(&fields);
}

static void become_ready(struct server *s)
{
    if (s->ready)
        return;
    s->ready = true;
    evtimer_del(s->settle);
    publish(s, "READY=1\nSTATUS=serving\n");
    log_info("ready on port %u: %u model groups", s->clients.admit.port, s->options->config->group_count);
}

static void on_probes_changed(void *ctx)
{
    struct server *s = ctx;
    if (s->ready)
        publish(s, "");
    else if (probes_settled(s->probes))
        become_ready(s);
}

static void on_settle(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    become_ready(arg);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct server *s = arg;
    (void)fd;
    (void)what;
    exchange_tick(&s->exchanges);
    if (++s->ticks % LOGIN_LOOK_S == 0)
        look_at_login(s);
    if (s->stopping && !s->exchanges.count)
        event_base_loopbreak(s->base);
}

static void on_journal_flush(evutil_socket_t fd, short what, void *arg)
{
    struct server *s = arg;
    (void)fd;
    (void)what;
    journal_flush(s->options->journal);
}

static void on_drain_over(evutil_socket_t fd, short what, void *arg)
{
    struct server *s = arg;
    (void)fd;
    (void)what;
    exchange_end_all(&s->exchanges);
    event_base_loopbreak(s->base);
}

static void on_signal(evutil_socket_t signal_number, short what, void *arg)
{
    struct server *s = arg;
    (void)what;
    bool orphaned = s->options->parent && getppid() != s->options->parent;
    if (orphaned && s->options->key_file)
        (void)unlink(s->options->key_file);
    if (orphaned || s->stopping)
        _exit(orphaned ? 0 : 128 + signal_number);
    s->stopping = true;
    notify_send(SLICE("STOPPING=1\n"));
    listener_stop(s->listener);
    s->listener = NULL;
    client_close_idle(&s->clients);
    if (!s->exchanges.count)
        event_base_loopbreak(s->base);
    struct timeval limit = {DRAIN_S, 0}, often = {0, 20000};
    evtimer_add(s->drain, &limit);
    event_add(s->tick, &often);   /* a closer look, now that we wait for the last one */
}

static const struct timeval *common_timeout(struct event_base *base, time_t seconds)
{
    struct timeval duration = {seconds, 0};
    return event_base_init_common_timeout(base, &duration);
}

static bool set_up_clients(struct server *s)
{
    s->clients = (struct client_shared){
        .base = s->base,
        .events = {on_request, on_gone, on_drained, s},
        .admit = {slice_of(s->options->config->master_key), listener_port(s->options->fd), BODY_MAX},
        .head_timeout = common_timeout(s->base, 10),
        .body_timeout = common_timeout(s->base, 15),
        .idle_timeout = common_timeout(s->base, 75),
        .linger_timeout = common_timeout(s->base, 1),
        .max = CLIENTS_MAX,
    };
    return s->clients.head_timeout && s->clients.body_timeout && s->clients.idle_timeout && s->clients.linger_timeout;
}

/* The ChatGPT login, where a deployment wants it: auth.json is touched by nobody else. */
static bool set_up_login(struct server *s)
{
    const struct config *config = s->options->config;
    bool wanted = false;
    for (unsigned i = 0; i < config->deployment_count; i++)
        wanted |= config->deployments[i].provider->sign_in == SIGN_IN_CHATGPT && !config->deployments[i].not_ready;
    if (!wanted)
        return true;
    char *home = paths_codex_home();
    struct login_options options = {home, config->token_url};
    s->exchanges.login = home ? login_new(s->base, s->exchanges.upstream, &options) : NULL;
    free(home);
    if (s->exchanges.login)
        look_at_login(s);
    return s->exchanges.login != NULL;
}

static bool set_up_events(struct server *s)
{
    struct timeval second = {1, 0};
    s->tick = event_new(s->base, -1, EV_PERSIST, on_tick, s);
    s->settle = evtimer_new(s->base, on_settle, s);
    s->drain = evtimer_new(s->base, on_drain_over, s);
    s->exchanges.journal_flush = s->journal_flush = evtimer_new(s->base, on_journal_flush, s);
    s->signals[0] = evsignal_new(s->base, SIGTERM, on_signal, s);
    s->signals[1] = evsignal_new(s->base, SIGINT, on_signal, s);
    return s->tick && s->settle && s->drain && s->journal_flush && s->signals[0] && s->signals[1] &&
           event_add(s->tick, &second) == 0 && evsignal_add(s->signals[0], NULL) == 0 &&
           evsignal_add(s->signals[1], NULL) == 0;
}

static bool set_up(struct server *s)
{
    const struct config *config = s->options->config;
    s->base = event_base_new();
    if (!s->base || !set_up_clients(s))
        return false;
    s->exchanges = (struct exchange_shared){
        .base = s->base,
        .config = config,
        .health = calloc(config->deployment_count + 1u, sizeof(struct health)),
        .upstream = upstream_new(s->base, config),
        .journal = s->options->journal,
    };
    carrier_key(s->exchanges.carrier_key, slice_of(config->master_key));
    secret_random(&s->exchanges.id_prefix, sizeof s->exchanges.id_prefix);
    if (!s->exchanges.health || !s->exchanges.upstream || !set_up_events(s) || !set_up_login(s))
        return false;
    s->listener = listener_start(s->options->fd, &s->clients);
    s->probes = probes_start(s->base, s->exchanges.upstream, config, s->exchanges.health, on_probes_changed, s);
    return s->listener && s->probes;
}

static void tear_down(struct server *s)
{
    client_close_all(&s->clients);
    probes_stop(s->probes);
    listener_stop(s->listener);
    login_free(s->exchanges.login);
    upstream_free(s->exchanges.upstream);
    free(s->exchanges.health);
    struct event *events[] = {s->tick, s->settle, s->drain, s->journal_flush, s->signals[0], s->signals[1]};
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        if (events[i])
            event_free(events[i]);
    if (s->base)
        event_base_free(s->base);
}

int server_run(const struct server_options *options)
{
    struct server s = {.options = options};
    int status = 1;
    if (!set_up(&s)) {
        log_error("could not start: no memory, or no descriptors left");
    } else {
        struct timeval patience = {0, SETTLE_MS * 1000};
        evtimer_add(s.settle, &patience);
        if (probes_settled(s.probes))
            become_ready(&s);
        status = event_base_dispatch(s.base) < 0 ? 1 : 0;
    }
    tear_down(&s);
    return status;
}
