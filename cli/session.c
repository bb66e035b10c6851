/* The running session, as scripts see it. */
#include "cli/session.h"

#include "common/file.h"
#include "common/paths.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATUS_TIMEOUT_MS 3000
#define SMALL_FILE_MAX 4096

/* The first line of a small private file in the runtime folder; NULL when it is not there. To be freed. */
static char *read_line(const char *folder, const char *name)
{
    char text[SMALL_FILE_MAX];
    char *path = paths_join(folder, name);
    ssize_t len = path ? file_read_start(AT_FDCWD, path, O_NOFOLLOW, text, sizeof text) : -1;
    free(path);
    if (len <= 0)
        return NULL;
    text[strcspn(text, "\r\n")] = '\0';
    char *line = *text ? strdup(text) : NULL;
    explicit_bzero(text, sizeof text);
    return line;
}

bool session_find(struct session *session, struct buf *error)
{
    *session = (struct session){.runtime = paths_find_runtime_dir(error)};
    if (error->len)
        return false;
    if (session->runtime) {
        session->url = read_line(session->runtime, "url");
        session->token = read_line(session->runtime, "session-token");
    }
    if (session->url && session->token)
        return true;
    BUF_ADD(error, SESSION_NOT_RUNNING);
    return false;
}

void session_close(struct session *session)
{
    if (session->token)
        explicit_bzero(session->token, strlen(session->token));
    free(session->token);
    free(session->url);
    free(session->runtime);
    *session = (struct session){0};
}

bool session_call(const struct session *session, const char *method, const char *path, struct slice body,
                  int timeout_ms, struct local_http_reply *reply, struct buf *error)
{
    struct buf field;
    buf_init(&field, 512);
    buf_add_format(&field, "X-Pointsman-Token: %s", session->token);
    bool post = strcmp(method, "POST") == 0;
    const char *const fields[] = {buf_text(&field), NULL};
    bool done = local_http(&(struct local_http_request){.base = session->url,
                                                        .method = method,
                                                        .path = path,
                                                        .fields = post ? fields : NULL,
                                                        .content_type = post ? "application/json" : NULL,
                                                        .body = body,
                                                        .timeout_ms = timeout_ms},
                           reply, error);
    buf_wipe(&field);
    return done;
}

/* {"error":{"message","code"}} in words. */
static void read_refusal(const struct session_status *status, struct buf *error, struct buf *code)
{
    uint32_t fault = status->json.count ? json_get(&status->json, 0, "error") : JSON_NONE;
    if (fault == JSON_NONE || !json_unescape(&status->json, json_get(&status->json, fault, "message"), error))
        buf_add_format(error, "the session answered with status %d", status->reply.status);
    if (code && fault != JSON_NONE)
        (void)json_unescape(&status->json, json_get(&status->json, fault, "code"), code);
}

bool session_read(struct session_status *status, struct local_http_reply *reply, struct buf *error, struct buf *code)
{
    *status = (struct session_status){.reply = *reply};
    *reply = (struct local_http_reply){0};
    struct slice text = buf_slice(&status->reply.body);
    bool parsed = json_parse(&status->json, text.ptr ? text.ptr : "", text.len) &&
                  json_type(&status->json, 0) == JSON_OBJECT;
    if (!parsed)
        status->json.count = 0;
    if (!parsed || status->reply.status != 200) {
        read_refusal(status, error, code);
        return false;
    }
    status->running = json_string_is(&status->json, json_get(&status->json, 0, "state"), "running");
    status->base_url = json_strdup(&status->json, json_get(&status->json, 0, "base_url"));
    if (!status->base_url)
        BUF_ADD(error, "the session's status can't be understood; is it of another version? pointsman restart");
    return status->base_url != NULL;
}

bool session_status(const struct session *session, struct session_status *status, struct buf *error)
{
    struct local_http_reply reply;
    *status = (struct session_status){0};
    bool done = session_call(session, "GET", "/api/status", (struct slice){"", 0}, STATUS_TIMEOUT_MS, &reply, error);
    if (done)
        done = session_read(status, &reply, error, NULL);
    else if (reply.fault == LOCAL_HTTP_NOBODY) {
        buf_clear(error);
        BUF_ADD(error, SESSION_NOT_RUNNING);
    }
    local_http_free(&reply);
    return done;
}

void session_status_free(struct session_status *status)
{
    json_free(&status->json);
    local_http_free(&status->reply);
    free(status->base_url);
    *status = (struct session_status){0};
}

bool session_look(struct session *session, struct session_status *status)
{
    struct buf unheard;
    buf_init(&unheard, 4096);
    *status = (struct session_status){0};
    bool found = session_find(session, &unheard) && session_status(session, status, &unheard);
    buf_free(&unheard);
    return found;
}

bool session_key(const struct session *session, struct buf *key)
{
    char *line = read_line(session->runtime, "codex-litellm-proxy.key");
    bool read = line && buf_add_text(key, line);
    if (line)
        explicit_bzero(line, strlen(line));
    free(line);
    return read;
}
