/* The table of routes: path, method, access and handler. */
#include "cgi/routes.h"

#include "cgi/guards.h"
#include "cgi/keys.h"
#include "cgi/variables.h"
#include "cgi/reply.h"
#include "cgi/status.h"
#include "common/json.h"
#include "common/log.h"

#include <string.h>

enum access {
    ACCESS_OPEN,    /* for every user of this machine */
    ACCESS_READS,   /* for our own user */
    ACCESS_CHANGES, /* for our own user, after the checks of origin, size, type and token */
};

struct route {
    const char *method;
    const char *path;
    enum format format;
    enum access access;
    void (*answer)(struct session *session, struct pending *pending, const struct fields *fields);
};

static const char *const body_types[] = {
    [FORMAT_JSON] = "application/json",
    [FORMAT_PAGE] = "application/x-www-form-urlencoded",
};

static void answer_page(struct session *session, struct pending *pending, int status, const struct refusal *why,
                        const char *note)
{
    struct buf body;
    buf_init(&body, PAGE_MAX);
    page_write(&session->page, session, why, note, &body);
    reply_html(&pending->request, status, &body);
    buf_free(&body);
}

/* Answers a request that was refused: a script gets the error as JSON, a form the page with the reason. */
static void answer_refused(struct session *session, struct pending *pending, const struct refusal *why)
{
    if (pending->format == FORMAT_PAGE)
        answer_page(session, pending, why->status, why, "");
    else
        reply_refusal(&pending->request, why, NULL);
}

static void answer_status(struct session *session, struct pending *pending)
{
    struct document d;
    status_describe(session, document_object(&d));
    reply_json(&pending->request, &d);
}

/* Answers a request that succeeded: a script gets the state as JSON, a form a redirect to the page. */
static void answer_done(struct session *session, struct pending *pending)
{
    if (pending->format == FORMAT_PAGE)
        reply_see_other(&pending->request, "/");
    else
        answer_status(session, pending);
}

static void show_page(struct session *session, struct pending *pending, const struct fields *fields)
{
    (void)fields;
    answer_page(session, pending, 200, NULL, "");
}

static void show_health(struct session *session, struct pending *pending, const struct fields *fields)
{
    (void)session, (void)fields;
    struct document d;
    document_add_text(document_object(&d), "status", "ok");
    reply_json(&pending->request, &d);
}

static void show_status(struct session *session, struct pending *pending, const struct fields *fields)
{
    (void)fields;
    answer_status(session, pending);
}

/* Refuses the ChatGPT login if there is no login file. The proxy checks whether the login is valid. */
static bool check_login(const struct session *session, const struct keys *keys, struct refusal *why)
{
    const struct settings *settings = &session->settings;
    if (!keys->chosen[CHOICE_CHATGPT_LOGIN] || settings_has_login(settings))
        return true;
    return refuse_field(why, "USE_CHATGPT_LOGIN", "no_login",
                        "There is no ChatGPT login: %s does not exist. Run `codex login` first.",
                        settings->login_file ? settings->login_file : "$CODEX_HOME/auth.json");
}

/* Remembers what the proxy was started with. No warning repeats a value; should one do so, its key is overwritten. */
static void note_start(struct session *session, const struct keys *keys, bool by_page, struct buf *warnings)
{
    struct started *started = &session->started;
    started_record(started, keys, by_page ? "page" : "script");
    if (warnings->len)
        child_log_redact(&session->supervisor.log, warnings->data, warnings->len);
    buf_clear(&started->warnings);
    buf_add_slice(&started->warnings, buf_slice(warnings));
}

static void start(struct session *session, struct pending *pending, const struct fields *fields)
{
    struct keys keys;
    struct refusal why;
    struct config_variables named = {0};
    struct buf error, warnings;
    buf_init(&error, 64u << 10);
    buf_init(&warnings, session->started.warnings.max);
    if (!variables_learn(session->settings.config, fields, &named, &warnings, &error)) /* the proxy reports the error */
        log_warning("%s: can't find the variables that it names: %.200s", session->settings.config,
                    buf_message(&error));
    if (keys_read(fields, &named, &keys, &why) && check_login(session, &keys, &why) &&
        supervisor_start(&session->supervisor, &keys, session->now_ms, &why)) {
        pending->wait = WAIT_READY;
        note_start(session, &keys, pending->format == FORMAT_PAGE || pending->request.origin.ptr, &warnings);
    } else {
        answer_refused(session, pending, &why);
    }
    config_variables_free(&named);
    buf_free(&error);
    buf_wipe(&warnings);
}

static void stop(struct session *session, struct pending *pending, const struct fields *fields)
{
    (void)fields;
    supervisor_stop(&session->supervisor, session->now_ms);
    pending->wait = WAIT_GONE;
}

static void test(struct session *session, struct pending *pending, const struct fields *fields)
{
    struct refusal why;
    if (session->supervisor.state != CHILD_RUNNING) {
        refuse(&why, 409, "stopped", "The proxy is not running, so there is nothing to test.");
        answer_refused(session, pending, &why);
    } else if (tester_start(&session->tester, &session->settings, fields, session->now_ms, &why)) {
        pending->wait = WAIT_TESTED;
    } else {
        answer_refused(session, pending, &why);
    }
}

/* Answers with the proxy's figures, from the last run of the command; without them if the proxy does not answer. */
static void answer_live(struct session *session, struct pending *pending)
{
    if (pending->format == FORMAT_PAGE) {
        struct buf body;
        buf_init(&body, PAGE_MAX);
        live_write_page(session, &body);
        reply_html(&pending->request, 200, &body);
        buf_free(&body);
    } else {
        struct document d;
        live_describe(session, document_object(&d));
        reply_json(&pending->request, &d);
    }
}

/* Waits for the proxy's figures. Requests that come meanwhile wait for the same ones. */
static void show_live(struct session *session, struct pending *pending, const struct fields *fields)
{
    (void)fields;
    if (session->supervisor.state == CHILD_RUNNING && (session->live.pid || live_start(session)))
        pending->wait = WAIT_LIVE;
    else
        answer_live(session, pending);
}

static const struct route routes[] = {
    {"GET", "/", FORMAT_PAGE, ACCESS_READS, show_page},
    {"GET", "/health", FORMAT_JSON, ACCESS_OPEN, show_health},
    {"GET", "/api/status", FORMAT_JSON, ACCESS_READS, show_status},
    {"GET", "/live", FORMAT_PAGE, ACCESS_READS, show_live},
    {"GET", "/api/live", FORMAT_JSON, ACCESS_READS, show_live},
    {"POST", "/api/start", FORMAT_JSON, ACCESS_CHANGES, start},
    {"POST", "/api/stop", FORMAT_JSON, ACCESS_CHANGES, stop},
    {"POST", "/api/test", FORMAT_JSON, ACCESS_CHANGES, test},
    {"POST", "/start", FORMAT_PAGE, ACCESS_CHANGES, start},
    {"POST", "/stop", FORMAT_PAGE, ACCESS_CHANGES, stop},
    {"POST", "/test", FORMAT_PAGE, ACCESS_CHANGES, test},
};

/* Returns the route of the method and path. NULL: none; *allow then has the methods of the path, or NULL if it has no
 * route. HEAD counts as GET, because the web server omits the body. */
static const struct route *find_route(const struct request *request, const char **allow)
{
    struct slice method = slice_is(request->method, "HEAD") ? SLICE("GET") : request->method;
    *allow = NULL;
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        if (!slice_is(request->path, routes[i].path))
            continue;
        if (slice_is(method, routes[i].method))
            return &routes[i];
        *allow = routes[i].access == ACCESS_CHANGES ? "POST" : "GET, HEAD";
    }
    return NULL;
}

static bool read_fields(struct request *request, enum format format, struct fields *fields, struct refusal *why)
{
    return format == FORMAT_JSON ? fields_from_json(request->body, request->body_len, fields, why)
                                 : fields_from_form(request->body, request->body_len, fields, why);
}

/* A script's token is in the header and is checked before the body is parsed; a form's token is in its body. */
static void answer_change(struct session *session, struct pending *pending, const struct route *route)
{
    struct fields fields;
    struct refusal why;
    struct request *request = &pending->request;
    bool form = route->format == FORMAT_PAGE;
    if ((!form && !guards_token(request, NULL, session->token, &why)) ||
        !read_fields(request, route->format, &fields, &why) ||
        (form && !guards_token(request, &fields, session->token, &why)))
        answer_refused(session, pending, &why);
    else
        route->answer(session, pending, &fields);
}

void routes_answer(struct session *session, struct pending *pending)
{
    struct request *request = &pending->request;
    struct refusal why;
    const char *allow = NULL;
    const struct route *route = find_route(request, &allow);
    bool open = route && route->access == ACCESS_OPEN, changes = route && route->access == ACCESS_CHANGES;
    if (!guards_admit(request, session->settings.web_port, open, &why))
        reply_refusal(request, &why, NULL);
    else if (!route) {
        if (allow)
            refuse(&why, 405, "method_not_allowed", "This path accepts only %s.", allow);
        else
            refuse(&why, 404, "not_found", "There is no such path.");
        reply_refusal(request, &why, allow);
    } else if (changes && !guards_change(request, session->settings.web_port, body_types[route->format], &why)) {
        reply_refusal(request, &why, NULL);
    } else {
        pending->format = route->format;
        if (changes)
            answer_change(session, pending, route);
        else
            route->answer(session, pending, NULL);
    }
    request_wipe_body(request);
}

/* Answers a start that waited for READY. */
static void answer_started(struct session *session, struct pending *pending)
{
    const struct supervisor *s = &session->supervisor;
    struct refusal why;
    if (s->state == CHILD_RUNNING) {
        answer_done(session, pending);
        return;
    }
    if (s->state == CHILD_DIED)
        refuse(&why, 502, "proxy_died", "%s", s->reason);
    else
        refuse(&why, 409, "stopped", "The proxy was stopped before it was ready.");
    answer_refused(session, pending, &why);
}

/* Answers a test: a script gets one sentence and the command's own JSON, a form the page with the sentence. */
static void answer_tested(struct session *session, struct pending *pending)
{
    struct buf result;
    struct document d;
    struct refusal why;
    buf_init(&result, 4096);
    bool good = tester_result(&session->tester, &result);
    const char *text = buf_text(&result);
    if (!good) {
        refuse(&why, 502, "test_failed", "%s", text);
        answer_refused(session, pending, &why);
    } else if (pending->format == FORMAT_PAGE) {
        answer_page(session, pending, 200, NULL, text);
    } else {
        struct container root = document_object(&d);
        document_add_buf(root, "words", &result);
        document_add_raw(root, "test", buf_slice(&session->tester.answer));
        reply_json(&pending->request, &d);
    }
    buf_free(&result);
}

void routes_settle(struct session *session)
{
    for (size_t i = 0; i < SESSION_REQUESTS; i++) {
        struct pending *pending = &session->pending[i];
        enum child_state state = session->supervisor.state;
        if (pending->wait == WAIT_READY && state != CHILD_STARTING)
            answer_started(session, pending);
        else if (pending->wait == WAIT_GONE && state != CHILD_STOPPING)
            answer_done(session, pending);
        else if (pending->wait == WAIT_TESTED && !session->tester.pid)
            answer_tested(session, pending);
        else if (pending->wait == WAIT_LIVE && !session->live.pid)
            answer_live(session, pending);
        else
            continue;
        pending->wait = WAIT_NONE;
        request_finish(&pending->request);
    }
}
