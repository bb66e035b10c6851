/* The proxy's process, from Start to Stop. */
#include "cgi/supervisor.h"

#include "cgi/keyfile.h"
#include "cgi/spawn.h"
#include "common/log.h"
#include "common/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MASTER_PREFIX "sk-local-"

enum event { EVENT_START, EVENT_READY, EVENT_STOP, EVENT_LEAVING, EVENT_EXIT, EVENTS };

#define NO CHILD_STATES
static const unsigned char next_state[CHILD_STATES][EVENTS] = {
    /*                  START           READY          STOP            LEAVING         EXIT          */
    [CHILD_STOPPED] = {CHILD_STARTING, NO, CHILD_STOPPED, NO, NO},
    [CHILD_STARTING] = {NO, CHILD_RUNNING, CHILD_STOPPING, NO, CHILD_DIED},
    [CHILD_RUNNING] = {NO, CHILD_RUNNING, CHILD_STOPPING, CHILD_STOPPING, CHILD_DIED},
    [CHILD_STOPPING] = {NO, NO, CHILD_STOPPING, NO, CHILD_STOPPED},
    [CHILD_DIED] = {CHILD_STARTING, NO, CHILD_STOPPED, NO, NO},
};

static const char *const state_names[CHILD_STATES] = {
    [CHILD_STOPPED] = "stopped",   [CHILD_STARTING] = "starting", [CHILD_RUNNING] = "running",
    [CHILD_STOPPING] = "stopping", [CHILD_DIED] = "died",
};

const char *supervisor_state_name(enum child_state state)
{
    return state_names[state];
}

bool supervisor_has_child(const struct supervisor *s)
{
    return s->pid > 0;
}

int supervisor_orphaned_port(const struct supervisor *s, enum port port)
{
    return s->state == CHILD_DIED ? s->ports.fds[port] : -1;
}

bool supervisor_has_risk_router(const struct supervisor *s)
{
    return supervisor_has_child(s) && s->ports.fds[PORT_RISK] >= 0;
}

/* The only function that changes the state, and what each new state requires. */
static void move(struct supervisor *s, enum event event, int64_t now_ms)
{
    unsigned next = next_state[s->state][event];
    if (next == NO || next == s->state)
        return;
    log_info("proxy: %s -> %s", state_names[s->state], state_names[next]);
    s->state = (enum child_state)next;
    s->deadline_ms = 0;
    switch (s->state) {
    case CHILD_STARTING:
        s->reason[0] = '\0';
        s->started_ms = now_ms;
        s->deadline_ms = now_ms + SUPERVISOR_READY_MS;
        break;
    case CHILD_STOPPING:
        s->deadline_ms = now_ms + SUPERVISOR_DRAIN_MS;
        if (event == EVENT_STOP)
            kill(s->pid, SIGTERM);
        break;
    case CHILD_STOPPED:
        s->reason[0] = '\0';
        ports_release(&s->ports);
        break;
    case CHILD_RUNNING:
    case CHILD_DIED:
    case CHILD_STATES: break;
    }
}

bool supervisor_open(struct supervisor *s, const struct settings *settings, struct buf *error)
{
    *s = (struct supervisor){.settings = settings, .pid_fd = -1, .notify = -1, .log.fd = -1};
    ports_init(&s->ports);
    keyfile_remove(settings->runtime_fd, KEYFILE_MASTER);
    s->notify_space = malloc(NOTIFY_MAX);
    s->notify = s->notify_space ? notify_open(settings->notify_path) : -1;
    if (s->notify < 0)
        buf_add_format(error, "%s: %s", settings->notify_path,
                       errno == ENAMETOOLONG ? "too long for a socket; set POINTSMAN_RUNTIME_DIR to a shorter path"
                                             : strerror(errno));
    return s->notify >= 0;
}

/* Forks the proxy with a new master key, which is then only in the key file and in the child. */
static bool launch(struct supervisor *s, const struct keys *keys, struct refusal *why)
{
    char master[sizeof MASTER_PREFIX + SECRET_TOKEN_LEN] = MASTER_PREFIX;
    secret_random_token(master + sizeof MASTER_PREFIX - 1);
    int log = -1;
    bool written = keyfile_write(s->settings->runtime_fd, KEYFILE_MASTER, master);
    pid_t pid = -1;
    if (written)
        pid = spawn_proxy(&(struct spawn){s->settings, keys, master, s->ports.fds}, &log);
    if (pid < 0)
        refuse(why, 500, written ? "start_failed" : "key_file_failed", "Can't %s %s: %s.", written ? "start" : "write",
               written ? s->settings->proxy : s->settings->key_file, strerror(errno));
    if (pid > 0) {
        child_log_open(&s->log, log);
        child_log_hide(&s->log, slice_of(master));
        for (unsigned key = 0; key < KEY_COUNT; key++)
            child_log_hide(&s->log, keys->value[key]);
        for (size_t i = 0; i < keys->variable_count; i++)
            if (keys_is_secret(keys->variables[i].name))
                child_log_hide(&s->log, keys->variables[i].value);
    } else {
        keyfile_remove(s->settings->runtime_fd, KEYFILE_MASTER);
    }
    sodium_memzero(master, sizeof master);
    s->pid = pid > 0 ? pid : 0;
    return pid > 0;
}

/* Opens the child's pidfd, because its pid may be reused after its end. The pid can't be reused before we wait for the
 * child, so opening the pidfd after the fork is safe. */
static bool watch_child(struct supervisor *s, struct refusal *why)
{
    s->pid_fd = (int)syscall(SYS_pidfd_open, s->pid, 0);
    if (s->pid_fd >= 0)
        return true;
    refuse(why, 500, "start_failed", "Can't watch the proxy's process: %s.", strerror(errno));
    kill(s->pid, SIGKILL);
    (void)waitpid(s->pid, NULL, 0);
    s->pid = 0;
    child_log_close(&s->log);
    keyfile_remove(s->settings->runtime_fd, KEYFILE_MASTER);
    return false;
}

bool supervisor_start(struct supervisor *s, const struct keys *keys, int64_t now_ms, struct refusal *why)
{
    if (next_state[s->state][EVENT_START] == NO)
        return refuse(why, 409, s->state == CHILD_STOPPING ? "stopping" : "already_running",
                      "The proxy is %s. It can be started when it is stopped.", state_names[s->state]);
    bool held = s->ports.fds[PORT_PROXY] >= 0;
    if (!ports_take(&s->ports, s->settings, &keys->serving, why))
        return false;
    if (!launch(s, keys, why) || !watch_child(s, why)) {
        if (!held)
            ports_release(&s->ports);
        return false;
    }
    child_report_clear(&s->report);
    move(s, EVENT_START, now_ms);
    return true;
}

void supervisor_stop(struct supervisor *s, int64_t now_ms)
{
    move(s, EVENT_STOP, now_ms);
}

void supervisor_abandon(struct supervisor *s)
{
    /* The ports first, because removing files may be slow. */
    if (supervisor_has_child(s))
        kill(s->pid, SIGKILL);
    ports_release(&s->ports);
    keyfile_remove(s->settings->runtime_fd, KEYFILE_MASTER);
    keyfile_remove(s->settings->runtime_fd, KEYFILE_TOKEN);
    /* Not by its path, which may by now lead to another session's socket. */
    (void)unlinkat(s->settings->runtime_fd, SETTINGS_NOTIFY, 0);
}

void supervisor_on_notify(struct supervisor *s, int64_t now_ms)
{
    struct notice notice;
    for (int got; (got = notify_read(s->notify, s->pid, s->notify_space, &notice)) >= 0;) {
        if (got == 0)
            continue;
        if (notice.report.len && !child_report_take(&s->report, notice.report))
            log_warning("proxy: malformed status report: keeping the previous one");
        if (notice.ready)
            move(s, EVENT_READY, now_ms);
        if (notice.stopping)
            move(s, EVENT_LEAVING, now_ms);
    }
}

/* Writes why it ended: the reason that was set before (not ready in time), else its exit status or signal; then its
 * last log lines. */
static void explain(struct supervisor *s, const siginfo_t *end)
{
    char how[64] = "";
    if (!s->reason[0] && end->si_code == CLD_EXITED)
        (void)snprintf(how, sizeof how, "The proxy exited with status %d.", end->si_status);
    else if (!s->reason[0])
        (void)snprintf(how, sizeof how, "The proxy was killed by signal %d (%s).", end->si_status,
                       strsignal(end->si_status));
    struct slice last = child_log_last(&s->log);
    size_t len = strlen(s->reason);
    (void)snprintf(s->reason + len, sizeof s->reason - len, "%s%s%.*s", how, last.len ? " Last log lines: " : "",
                   SLICE_ARGS(last));
}

void supervisor_on_exit(struct supervisor *s, int64_t now_ms)
{
    siginfo_t end = {0};
    if (!supervisor_has_child(s) || waitid(P_PID, (id_t)s->pid, &end, WEXITED | WNOHANG) != 0 || end.si_pid != s->pid)
        return;
    supervisor_on_notify(s, now_ms);
    child_log_close(&s->log);
    keyfile_remove(s->settings->runtime_fd, KEYFILE_MASTER);
    close(s->pid_fd);
    s->pid_fd = -1;
    s->pid = 0;
    child_report_clear(&s->report);
    if (next_state[s->state][EVENT_EXIT] == CHILD_DIED) {
        explain(s, &end);
        log_error("%s", s->reason);
    }
    move(s, EVENT_EXIT, now_ms);
}

void supervisor_on_deadline(struct supervisor *s)
{
    s->deadline_ms = 0;
    if (s->state == CHILD_STARTING)
        (void)snprintf(s->reason, sizeof s->reason, "The proxy was not ready within %d seconds and was killed.",
                       SUPERVISOR_READY_MS / 1000);
    if (supervisor_has_child(s))
        kill(s->pid, SIGKILL);
}
