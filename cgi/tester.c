/* The page's Test button: runs `pointsman test --call`. */
#include "cgi/tester.h"

#include "cgi/child_setup.h"
#include "common/json.h"
#include "common/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MODEL_MAX 256 /* bytes of an alias */

void tester_init(struct tester *t)
{
    *t = (struct tester){.fd = -1};
    buf_init(&t->answer, TESTER_MAX);
}

/* The variables that the command needs to find the session. It gets no key: it reads the master key from its file. */
static char **make_environment(void)
{
    static const char *const names[] = {"HOME", "CODEX_HOME", "POINTSMAN_RUNTIME_DIR"};
    static char text[3][4096 + 32], *list[4];
    size_t count = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        int len = value ? snprintf(text[count], sizeof text[count], "%s=%s", names[i], value) : -1;
        if (len > 0 && (size_t)len < sizeof text[count]) {
            list[count] = text[count];
            count++;
        }
    }
    list[count] = NULL;
    return list;
}

static _Noreturn void become_command(const struct settings *settings, const char *model, pid_t parent, int out)
{
    const char *command = settings->command;
    if (!child_setup(settings, parent))
        _exit(127);
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nothing >= 0 && dup2(nothing, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0 &&
        dup2(nothing, STDERR_FILENO) >= 0 && close_range(STDERR_FILENO + 1, ~0U, 0) == 0 && signals_reset())
        execve(command, (char *[]){(char *)command, "test", "--call", "--model", (char *)model, NULL},
               make_environment());
    _exit(127);
}

static bool run(struct tester *t, const struct settings *settings, const char *model)
{
    pid_t parent = getpid();
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0)
        return false;
    t->pid = fork();
    if (t->pid == 0)
        become_command(settings, model, parent, fds[1]);
    int error = errno;
    close(fds[1]);
    if (t->pid < 0) {
        close(fds[0]);
        t->pid = 0;
        errno = error;
        return false;
    }
    (void)fcntl(fds[0], F_SETFL, O_NONBLOCK);
    t->fd = fds[0];
    return true;
}

bool tester_start(struct tester *t, const struct settings *settings, const struct fields *fields, int64_t now_ms,
                  struct refusal *why)
{
    const struct field *field = fields_get(fields, "model");
    char model[MODEL_MAX + 1] = "";
    if (t->pid)
        return refuse(why, 409, "busy", "A test is running. Try again when it has ended.");
    if (!field || field->kind != FIELD_TEXT || !field->value.len || field->value.len > MODEL_MAX ||
        field->value.ptr[0] == '-')
        return refuse_field(why, "model", "invalid_model", "\"model\" must be the name of an alias in the status.");
    memcpy(model, field->value.ptr, field->value.len);
    buf_clear(&t->answer);
    if (!run(t, settings, model))
        return refuse(why, 500, "no_process", "Can't start the test: %s.", strerror(errno));
    t->deadline_ms = now_ms + TESTER_MS;
    return true;
}

static void reap(struct tester *t)
{
    close(t->fd);
    (void)waitpid(t->pid, NULL, 0); /* it closes its output only when it ends */
    t->fd = -1;
    t->pid = 0;
    t->deadline_ms = 0;
}

void tester_on_output(struct tester *t)
{
    char space[4096];
    ssize_t len = read(t->fd, space, sizeof space);
    if (len > 0)
        buf_add(&t->answer, space, (size_t)len);
    else if (len == 0 || (errno != EAGAIN && errno != EINTR))
        reap(t);
}

void tester_on_deadline(struct tester *t)
{
    t->deadline_ms = 0;
    if (t->pid)
        (void)kill(t->pid, SIGKILL);
}

static void add_member(const struct json *json, uint32_t object, const char *name, struct buf *out)
{
    (void)json_unescape(json, json_get(json, object, name), out);
}

bool tester_result(const struct tester *t, struct buf *out)
{
    struct json json = {0};
    struct slice text = buf_slice(&t->answer);
    int64_t ms = 0;
    bool read = !t->answer.failed && text.len && json_parse(&json, text.ptr, text.len);
    uint32_t call = read ? json_get(&json, 0, "call") : JSON_NONE;
    uint32_t error = call != JSON_NONE ? json_get(&json, call, "error") : JSON_NONE;
    bool good = call != JSON_NONE && json_is(&json, json_get(&json, 0, "ok"), JSON_TRUE);
    if (call != JSON_NONE) {
        add_member(&json, call, "model", out);
        (void)json_int64(&json, json_get(&json, call, "ms"), &ms);
        buf_add_format(out, good ? ": OK after %lld ms" : ": failed after %lld ms: ", (long long)ms);
        if (!good && error != JSON_NONE)
            add_member(&json, call, "error", out);
    } else {
        buf_add_text(out,
                     read ? "The model is not ready." : "The test timed out after 60 s, or the proxy is not running.");
    }
    json_free(&json);
    return good;
}
