/* Provides what Codex needs under a managed profile. */
#include "cli/routed.h"

#include "cli/profile_undo.h"
#include "cli/start.h"
#include "cli/terminal.h"
#include "common/file.h"
#include "common/paths.h"
#include "common/replace.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* File in the runtime folder that identifies the session that was started for a Codex. A session that the user starts
 * later does not match it. */
#define MARK "pointsman-started"
#define STOP_MS 15000 /* timeout of /api/stop */

/* Contents of the mark file, as in "all 4711 HASH": what was started, and the instance. */
struct mark {
    bool all;                      /* the key page and the proxy; false: only the proxy */
    int64_t proxy;                 /* the proxy's pid */
    char token[PROFILE_HASH_SIZE]; /* hash of the page token, which changes at every start of the key page */
};

static struct mark mark_of(const struct session_client *session, const struct session_status *status, bool all)
{
    struct mark mark = {.all = all};
    (void)json_int64(&status->json, json_get(&status->json, 0, "pid"), &mark.proxy);
    profile_hash(slice_of(session->token), mark.token);
    return mark;
}

static void mark_write(const char *runtime, const struct mark *mark)
{
    struct buf text;
    char *path = paths_join(runtime, MARK);
    buf_init(&text, 256);
    buf_add_format(&text, "%s %lld %s\n", mark->all ? "all" : "proxy", (long long)mark->proxy, mark->token);
    if (!path || !replace_file(path, ".new", &(struct replace_owner){0600, geteuid(), getegid()}, buf_slice(&text)))
        warn("%s: can't write: pointsman will keep running after Codex exits", path ? path : MARK);
    buf_free(&text);
    free(path);
}

static bool mark_read(const char *runtime, struct mark *mark)
{
    char text[256], kind[8];
    long long proxy;
    char *path = paths_join(runtime, MARK);
    bool there = path && file_read_start(AT_FDCWD, path, O_NOFOLLOW, text, sizeof text) > 0;
    free(path);
    if (!there || sscanf(text, "%7s %lld %64s", kind, &proxy, mark->token) != 3)
        return false;
    mark->all = strcmp(kind, "all") == 0;
    mark->proxy = proxy;
    return true;
}

static void mark_remove(const char *runtime)
{
    char *path = paths_join(runtime, MARK);
    if (path)
        (void)unlink(path);
    free(path);
}

void routed_adopt(const char *runtime)
{
    mark_remove(runtime);
}

static int stop_proxy(const struct session_client *session)
{
    struct local_http_reply reply = {0};
    struct buf why;
    int code = EXIT_OK;
    buf_init(&why, 4096);
    if (!session_client_call(session, "POST", "/api/stop", SLICE("{}"), STOP_MS, &reply, &why) || reply.status != 200)
        code =
            complain(EXIT_FAULT, "can't stop the proxy: %s", why.len ? buf_text(&why) : "the key-page server refused");
    local_http_free(&reply);
    buf_free(&why);
    return code;
}

/* Stops the session that the mark file identifies (*stopped), but not one that was started since. */
static int stop_marked(const char *runtime, bool *stopped)
{
    struct session_client session;
    struct session_status status;
    struct mark mark;
    int code = EXIT_OK;
    *stopped = false;
    if (!mark_read(runtime, &mark))
        return EXIT_OK;
    if (session_client_try(&session, &status)) {
        struct mark now = mark_of(&session, &status, mark.all);
        *stopped = strcmp(now.token, mark.token) == 0 && (!now.proxy || now.proxy == mark.proxy);
        if (*stopped)
            code = mark.all ? stop_all(NULL) : stop_proxy(&session);
    }
    mark_remove(runtime);
    session_status_free(&status);
    session_client_close(&session);
    return code;
}

static void end_session_lease(struct lease *lease, const char *runtime)
{
    lease_end(lease);
    (void)rmdir(runtime); /* fails if it is not empty */
}

/* Whether another proxy is configured; then no session is needed. */
static bool is_elsewhere(struct codex_proxy *proxy, int *code)
{
    struct buf why;
    buf_init(&why, 4096);
    *code = codex_proxy_find(proxy, &why) ? EXIT_OK : complain(EXIT_USAGE, "%s", buf_message(&why));
    buf_free(&why);
    return *code == EXIT_OK && proxy->elsewhere;
}

/* Takes the lease first, so that no other command stops the session meanwhile. */
static int enter_session(struct routed *r, const struct start_options *options)
{
    struct start_result result;
    struct buf why;
    int code = EXIT_FAULT;
    buf_init(&why, 4096);
    r->runtime = paths_runtime_dir(&why);
    if (!r->runtime || !lease_take(&r->session, r->runtime, &why)) {
        code = complain(EXIT_FAULT, "%s", buf_message(&why));
        buf_free(&why);
        return code;
    }
    buf_free(&why);
    code = start_up(options, &result);
    if (code == EXIT_OK && !result.status.running)
        code = complain(EXIT_NOT_READY, "the proxy is not ready: run pointsman status");
    if (code == EXIT_OK && !result.proxy_was_up) {
        struct mark mark = mark_of(&result.session, &result.status, !result.page_was_up);
        mark_write(r->runtime, &mark);
    }
    start_result_free(&result);
    return code;
}

/* For a Codex that can't run a command to get the key. */
static void set_key(void)
{
    struct session_client session;
    struct buf key;
    buf_init(&key, 4096);
    if (session_client_find(&session, &key)) {
        buf_clear(&key);
        if (session_client_key(&session, &key))
            (void)setenv(PROFILE_KEY_ENV, buf_text(&key), 1);
    }
    session_client_close(&session);
    buf_wipe(&key);
}

static sigset_t hold_signals(void)
{
    sigset_t held, before;
    (void)sigemptyset(&held);
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        (void)sigaddset(&held, signals[i]);
    (void)sigprocmask(SIG_BLOCK, &held, &before);
    return before;
}

static int enter_profiles(struct routed *r, const struct codex *codex)
{
    struct codex_proxy proxy = {0};
    struct buf why;
    int code = EXIT_OK;
    buf_init(&why, 64u << 10);
    sigset_t before = hold_signals(); /* a signal must not interrupt the change of Codex's files */
    if (!codex_proxy_find(&proxy, &why) || !codex_enable(codex, &proxy, false, NULL, &r->profiles, &why))
        code = complain(EXIT_FAULT, "%s", buf_message(&why));
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    codex_proxy_free(&proxy);
    buf_free(&why);
    return code;
}

int routed_enter(enum routed_by by, const struct codex *codex, const struct start_options *options, struct routed *r)
{
    struct codex_proxy proxy = {0};
    int code;
    *r = (struct routed){
        .session = LEASE_NONE, .profiles = LEASE_NONE, .profile = by == ROUTED_BY_HF ? PROFILE_HF : PROFILE_PROXY};
    if (by == ROUTED_BY_HF) {
        const char *token = getenv(PROFILE_HF_KEY_ENV);
        if (!token || !*token)
            return complain(EXIT_NO_TOKEN, "%s is not set: required by Hugging Face's router", PROFILE_HF_KEY_ENV);
    } else if (!is_elsewhere(&proxy, &code)) {
        codex_proxy_free(&proxy);
        if (code == EXIT_OK)
            code = enter_session(r, options);
        if (code != EXIT_OK)
            return code;
        if (codex->has_version && !profile_style_of(&codex->version).key_command)
            set_key();
    } else {
        codex_proxy_free(&proxy);
    }
    return enter_profiles(r, codex);
}

void routed_join(struct routed *r)
{
    struct buf ignored;
    buf_init(&ignored, 4096);
    *r = (struct routed){.session = LEASE_NONE, .profiles = LEASE_NONE, .runtime = paths_find_runtime_dir(&ignored)};
    bool joined = (!r->runtime || lease_take(&r->session, r->runtime, &ignored)) &&
                  profile_join(&r->profiles, &ignored);
    (void)joined; /* the run works without a lease, but another command may stop its session */
    buf_free(&ignored);
}

int routed_leave(struct routed *r)
{
    struct buf why;
    int code = EXIT_OK;
    sigset_t before = hold_signals();
    buf_init(&why, 64u << 10);
    if (r->profiles.fd >= 0 && profile_leave(&r->profiles, &why) == PROFILE_FAILED)
        code = complain(EXIT_FAULT, "%s", buf_message(&why));
    if (r->session.fd >= 0) {
        bool stopped;
        if (lease_is_last(&r->session) && stop_marked(r->runtime, &stopped) != EXIT_OK)
            code = EXIT_FAULT;
        end_session_lease(&r->session, r->runtime);
    }
    free(r->runtime);
    r->runtime = NULL;
    buf_free(&why);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    return code;
}

static void recover_session(void)
{
    struct lease lease = LEASE_NONE;
    struct mark mark;
    struct buf ignored;
    buf_init(&ignored, 4096);
    char *runtime = paths_find_runtime_dir(&ignored);
    if (runtime && mark_read(runtime, &mark)) {
        bool stopped = false;
        if (lease_none_held(&lease, runtime) && stop_marked(runtime, &stopped) == EXIT_OK && stopped)
            say("Stopped a session that a killed command had started.");
        end_session_lease(&lease, runtime);
    }
    free(runtime);
    buf_free(&ignored);
}

void routed_recover(void)
{
    struct buf why;
    buf_init(&why, 64u << 10);
    sigset_t before = hold_signals();
    enum profile_outcome outcome = profile_recover(&why);
    if (outcome == PROFILE_DONE)
        say("Restored Codex's configuration after an interrupted command.");
    else if (outcome == PROFILE_FAILED)
        warn("%s", buf_message(&why));
    recover_session();
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    buf_free(&why);
}
