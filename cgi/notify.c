/* Receives the proxy's messages through NOTIFY_SOCKET. */
#include "cgi/notify.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int notify_open(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    (void)unlink(path);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &(int){4 * NOTIFY_MAX}, sizeof(int));
    /* SO_PASSCRED: the kernel adds the sender's pid, so no other process can send READY. */
    if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &(int){1}, sizeof(int)) != 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

static pid_t sender(struct msghdr *message)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_CREDENTIALS) {
            struct ucred credentials;
            memcpy(&credentials, CMSG_DATA(c), sizeof credentials);
            return credentials.pid;
        }
    }
    return -1;
}

int notify_read(int fd, pid_t from, char *space, struct notice *out)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(struct ucred))];
    } control;
    struct iovec data = {space, NOTIFY_MAX};
    struct msghdr message = {
        .msg_iov = &data,
        .msg_iovlen = 1,
        .msg_control = control.bytes,
        .msg_controllen = sizeof control.bytes,
    };
    /* `control` has no room for descriptors: a datagram that carries some is dropped (MSG_CTRUNC). */
    ssize_t len = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (len < 0)
        return -1;
    if (sender(&message) != from || (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
        return 0;
    notice_parse((struct slice){space, (size_t)len}, out);
    return 1;
}

void notice_parse(struct slice datagram, struct notice *out)
{
    static const char report_name[] = "X_POINTSMAN_STATUS=";
    *out = (struct notice){0};
    const char *at = datagram.ptr, *end = at + datagram.len;
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop ? stop : end;
        struct slice line = {at, (size_t)(stop - at)};
        if (slice_is(line, "READY=1"))
            out->ready = true;
        else if (slice_is(line, "STOPPING=1"))
            out->stopping = true;
        else if (slice_starts(line, report_name))
            out->report = (struct slice){line.ptr + sizeof report_name - 1, line.len - (sizeof report_name - 1)};
        at = stop + 1;
    }
}

/* Returns whether an object has exactly these members with these types ('s' string, 'n' number, 'b' boolean, 'a' array,
 * 'o' object). */
static bool has_shape(const struct json *json, uint32_t object, const char *const *names, const char *types)
{
    if (json_type(json, object) != JSON_OBJECT)
        return false;
    size_t members = 0;
    for (uint32_t key = json_first(json, object); key != JSON_NONE; key = json_next(json, key))
        members++;
    for (size_t i = 0; types[i]; i++) {
        uint32_t value = json_get(json, object, names[i]);
        bool fits = (types[i] == 's' && json_is(json, value, JSON_STRING)) ||
                    (types[i] == 'b' && (json_is(json, value, JSON_TRUE) || json_is(json, value, JSON_FALSE))) ||
                    (types[i] == 'a' && json_is(json, value, JSON_ARRAY)) ||
                    (types[i] == 'n' && json_is(json, value, JSON_NUMBER)) ||
                    (types[i] == 'o' && json_is(json, value, JSON_OBJECT));
        if (!fits)
            return false;
    }
    return members == strlen(types);
}

static bool is_deployment(const struct json *json, uint32_t node)
{
    return has_shape(json, node,
                     (const char *const[]){"model", "ready", "serves", "reason", "calls", "failed", "ttft_ms"},
                     "sbbsnnn");
}

static bool is_alias(const struct json *json, uint32_t node)
{
    static const char *const names[] = {"name", "ready", "reason", "deployments"};
    if (has_shape(json, node, names, "sbs"))
        return true;
    if (!has_shape(json, node, names, "sbsa"))
        return false;
    uint32_t deployment = json_first(json, json_get(json, node, "deployments"));
    for (; deployment != JSON_NONE; deployment = json_next(json, deployment))
        if (!is_deployment(json, deployment))
            return false;
    return true;
}

static bool is_report(const struct json *json)
{
    static const char *const names[] = {"version", "aliases", "hardening", "log_dropped"};
    if (!has_shape(json, 0, names, "sao") && !has_shape(json, 0, names, "saon"))
        return false;
    uint32_t alias = json_first(json, json_get(json, 0, "aliases"));
    for (; alias != JSON_NONE; alias = json_next(json, alias))
        if (!is_alias(json, alias))
            return false;
    return true;
}

bool child_report_take(struct child_report *report, struct slice text)
{
    struct child_report fresh = {0};
    buf_init(&fresh.text, NOTIFY_MAX);
    if (!buf_add_slice(&fresh.text, text) || !json_parse(&fresh.json, fresh.text.data, fresh.text.len) ||
        !is_report(&fresh.json)) {
        child_report_clear(&fresh);
        return false;
    }
    child_report_clear(report);
    *report = fresh;
    return true;
}

void child_report_clear(struct child_report *report)
{
    json_free(&report->json);
    buf_free(&report->text);
    *report = (struct child_report){0};
}
