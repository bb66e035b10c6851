/* Starts Ollama and pulls the model. */
#include "cli/ollama_setup.h"

#include "cli/child.h"
#include "cli/local_http.h"
#include "cli/progress.h"
#include "cli/terminal.h"
#include "common/clock.h"
#include "common/document.h"
#include "common/json.h"
#include "proxy/upstream/model_list.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK_MS 3000              /* wait for Ollama's answer */
#define SERVE_MS 20000             /* wait until a started server answers */
#define PULL_IDLE_MS 300000        /* a download may pause this long */
#define LINE_MAX_BYTES (64u << 10) /* one progress message */

/* The server's URL without "/v1", for its native API. Free with free(). */
static char *root_of(const struct ollama *ollama)
{
    size_t len = strlen(ollama->base);
    while (len && ollama->base[len - 1] == '/')
        len--;
    if (len > 3 && strncmp(ollama->base + len - 3, "/v1", 3) == 0)
        len -= 3;
    return strndup(ollama->base, len);
}

/* 1: it has the model; 0: it answers but lacks the model; -1: no answer, with the reason in `detail`. */
static int check(const struct ollama *ollama, struct buf *detail)
{
    struct local_http_reply reply;
    int has = -1;
    if (local_http(&(struct local_http_request){.base = ollama->base,
                                                .method = "GET",
                                                .path = "/models",
                                                .timeout_ms = CHECK_MS},
                   &reply, detail))
        has = reply.status == 200 && model_list_has(buf_slice(&reply.body), ollama->model);
    local_http_free(&reply);
    return has;
}

/* Starts `ollama serve` in its own kernel session, so that it outlives this process and the terminal. */
static pid_t serve(const char *program)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    pid_t pid = -1;
    if (posix_spawn_file_actions_init(&actions) != 0)
        return -1;
    if (posix_spawnattr_init(&attributes) == 0) {
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
        errno = posix_spawn(&pid, program, &actions, &attributes, (char *[]){(char *)program, "serve", NULL}, environ);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return errno ? -1 : pid;
}

static bool start_server(const struct ollama *ollama, struct progress *progress, struct buf *why)
{
    char *program = child_find("ollama", "/usr/local/bin");
    uint64_t deadline = clock_monotonic_ms() + SERVE_MS;
    struct buf detail;
    int status = 0, has = -1;
    if (!program) {
        BUF_ADD(why,
                "Ollama not found: install it (https://ollama.com/download), then run pointsman qwen --setup again");
        return false;
    }
    progress_show(progress, "starting ollama serve", 0, 0);
    pid_t pid = serve(program);
    buf_init(&detail, 4096);
    while (pid > 0 && (has = check(ollama, &detail)) < 0 && clock_monotonic_ms() < deadline &&
           waitpid(pid, &status, WNOHANG) == 0) {
        buf_clear(&detail);
        (void)poll(NULL, 0, 50);
    }
    if (has < 0)
        buf_add_format(why, "%s serve does not answer at %s: %s", program, ollama->base,
                       pid < 0  ? strerror(errno)
                       : status ? "it exited immediately"
                                : buf_message(&detail));
    buf_free(&detail);
    free(program);
    return has >= 0;
}

/* A download in progress. The server sends lines of JSON. */
struct pull {
    struct progress *progress;
    struct buf line;
    struct json json;
    struct buf error;
    bool done;
};

static bool take_line(struct pull *pull)
{
    char label[64] = "";
    struct buf status;
    int64_t total = 0, completed = 0;
    if (!pull->line.len)
        return true;
    if (!json_parse(&pull->json, pull->line.data, pull->line.len)) {
        BUF_ADD(&pull->error, "invalid reply");
        return false;
    }
    if (json_unescape(&pull->json, json_get(&pull->json, 0, "error"), &pull->error))
        return false;
    buf_init(&status, 4096);
    (void)json_unescape(&pull->json, json_get(&pull->json, 0, "status"), &status);
    (void)json_int64(&pull->json, json_get(&pull->json, 0, "total"), &total);
    (void)json_int64(&pull->json, json_get(&pull->json, 0, "completed"), &completed);
    (void)snprintf(label, sizeof label, "%.*s", SLICE_ARGS(buf_slice(&status)));
    pull->done |= strcmp(label, "success") == 0;
    if (*label)
        progress_show(pull->progress, label, completed > 0 ? (uint64_t)completed : 0, total > 0 ? (uint64_t)total : 0);
    buf_free(&status);
    return true;
}

static bool take_piece(struct slice piece, void *ctx)
{
    struct pull *pull = ctx;
    while (piece.len) {
        const char *end = memchr(piece.ptr, '\n', piece.len);
        size_t len = end ? (size_t)(end - piece.ptr) : piece.len;
        if (!buf_add(&pull->line, piece.ptr, len))
            return false;
        if (end) {
            if (!take_line(pull))
                return false;
            buf_clear(&pull->line);
            len++;
        }
        piece = (struct slice){piece.ptr + len, piece.len - len};
    }
    return true;
}

static bool pull_model(const struct ollama *ollama, struct progress *progress, struct buf *why)
{
    struct pull pull = {.progress = progress};
    struct local_http_reply reply = {0};
    struct buf body, error;
    char *root = root_of(ollama);
    buf_init(&pull.line, LINE_MAX_BYTES);
    buf_init(&pull.error, 4096);
    buf_init(&body, 4096);
    buf_init(&error, 4096);
    struct document d;
    struct container question = document_object(&d);
    document_add_text(question, "model", ollama->model);
    document_add_bool(question, "stream", true);
    bool called = document_print(&d, &body) &&
                  local_http(&(struct local_http_request){.base = root,
                                                          .method = "POST",
                                                          .path = "/api/pull",
                                                          .content_type = "application/json",
                                                          .body = buf_slice(&body),
                                                          .idle_ms = PULL_IDLE_MS,
                                                          .on_body = take_piece,
                                                          .ctx = &pull},
                             &reply, &error);
    if (called && reply.status != 200)
        (void)take_piece(buf_slice(&reply.body), &pull);
    if (called && reply.status == 200)
        (void)take_line(&pull); /* a last line without a newline */
    if (!pull.done)
        buf_add_format(why, "ollama pull %s: %s", ollama->model,
                       pull.error.len ? buf_text(&pull.error)
                       : error.len    ? buf_text(&error)
                       : body.failed  ? "out of memory"
                                      : "interrupted");
    local_http_free(&reply);
    json_free(&pull.json);
    buf_free(&pull.line);
    buf_free(&pull.error);
    buf_free(&body);
    buf_free(&error);
    free(root);
    return pull.done;
}

bool ollama_setup(const struct ollama *ollama, struct buf *why)
{
    struct progress progress = {.shown = 0};
    struct buf detail;
    buf_init(&detail, 4096);
    int has = check(ollama, &detail);
    bool up = has >= 0 || start_server(ollama, &progress, why);
    if (up && has < 0)
        has = check(ollama, &detail);
    if (up && has != 1)
        up = pull_model(ollama, &progress, why);
    progress_end(&progress);
    buf_free(&detail);
    return up;
}
