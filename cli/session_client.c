/* Client of the key-page server's API. */
#include "cli/session_client.h"

#include "common/file.h"
#include "common/paths.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATUS_TIMEOUT_MS 3000
#define SMALL_FILE_MAX 4096

/* The first line of a small private file in the runtime folder; NULL: absent. Free with free(). */
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

bool session_client_find(struct session_client *session, struct buf *error)
{
    *session = (struct session_client){.runtime = paths_find_runtime_dir(error)};
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

void session_client_close(struct session_client *session)
{
    if (session->token)
        explicit_bzero(session->token, strlen(session->token));
    free(session->token);
    free(session->url);
    free(session->runtime);
    *session = (struct session_client){0};
}

bool session_client_call(const struct session_client *session, const char *method, const char *path, struct slice body,
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

/* Appends the message and the code of {"error":{"message","code"}}. */
static void read_error(const struct session_status *status, struct buf *error, struct buf *code)
{
    uint32_t fault = status->json.count ? json_get(&status->json, 0, "error") : JSON_NONE;
    if (fault == JSON_NONE || !json_unescape(&status->json, json_get(&status->json, fault, "message"), error))
        buf_add_format(error, "the key-page server answered with status %d", status->reply.status);
    if (code && fault != JSON_NONE)
        (void)json_unescape(&status->json, json_get(&status->json, fault, "code"), code);
}

bool session_client_read(struct session_status *status, struct local_http_reply *reply, struct buf *error,
                         struct buf *code)
{
    *status = (struct session_status){.reply = *reply};
    *reply = (struct local_http_reply){0};
    struct slice text = buf_slice(&status->reply.body);
    bool parsed = json_parse(&status->json, text.ptr ? text.ptr : "", text.len) &&
                  json_type(&status->json, 0) == JSON_OBJECT;
    if (!parsed)
        status->json.count = 0;
    if (!parsed || status->reply.status != 200) {
        read_error(status, error, code);
        return false;
    }
    status->running = json_string_is(&status->json, json_get(&status->json, 0, "state"), "running");
    status->base_url = json_strdup(&status->json, json_get(&status->json, 0, "base_url"));
    if (!status->base_url)
        BUF_ADD(error, "the key-page server's status is invalid; if it is of another version: pointsman restart");
    return status->base_url != NULL;
}

bool session_client_status(const struct session_client *session, struct session_status *status, struct buf *error)
{
    struct local_http_reply reply;
    *status = (struct session_status){0};
    bool done =
        session_client_call(session, "GET", "/api/status", (struct slice){"", 0}, STATUS_TIMEOUT_MS, &reply, error);
    if (done)
        done = session_client_read(status, &reply, error, NULL);
    else if (reply.fault == LOCAL_HTTP_REFUSED) {
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

bool session_client_try(struct session_client *session, struct session_status *status)
{
    struct buf ignored;
    buf_init(&ignored, 4096);
    *status = (struct session_status){0};
    bool found = session_client_find(session, &ignored) && session_client_status(session, status, &ignored);
    buf_free(&ignored);
    return found;
}

bool session_client_key(const struct session_client *session, struct buf *key)
{
    char *line = read_line(session->runtime, "codex-litellm-proxy.key");
    bool read = line && buf_add_text(key, line);
    if (line)
        explicit_bzero(line, strlen(line));
    free(line);
    return read;
}
