/* loop: reads the reply of a call through libcurl. */
#include "proxy/upstream/curl_call_private.h"

#include "common/clock.h"

#include <string.h>

#define HEAD_MAX (64u << 10) /* bytes of all heads of a reply, those of 1xx replies too */

static struct slice stored_field(const char *value)
{
    return *value ? slice_of(value) : (struct slice){NULL, 0};
}

/* Reports the head at its end, unless it is a 1xx reply's: another head follows that. */
static void report_head(struct curl_call *c)
{
    long status = 0;
    if (c->head_reported || c->cancelled)
        return;
    (void)curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
    c->head_reported = status >= 200;
    if (c->head_reported)
        c->events->head(c->ctx, (int)status, stored_field(c->content_type), stored_field(c->retry_after));
}

/* Returns whether Content-Length bytes have arrived. That may happen before the request is sent: a server may reply
 * and stop reading the request (RFC 9113, 8.1). libcurl would then continue to send over HTTP/2, wait for permission
 * to send, or report the stream's reset as an error. */
static bool is_whole(const struct curl_call *c)
{
    curl_off_t content_length = -1;
    (void)curl_easy_getinfo(c->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &content_length);
    return content_length >= 0 && c->got == content_length;
}

size_t curl_reply_body(char *bytes, size_t size, size_t count, void *call)
{
    struct curl_call *c = call;
    size_t len = size * count;
    if (c->cancelled || c->lost)
        return CURL_WRITEFUNC_ERROR;
    c->in_callback = true;
    enum call_flow flow = c->events->body(c->ctx, (struct slice){bytes, len}, false);
    c->in_callback = false;
    if (c->cancelled || flow == CALL_STOP)
        return CURL_WRITEFUNC_ERROR;
    c->paused = flow == CALL_PAUSE;
    if (c->paused)
        return CURL_WRITEFUNC_PAUSE;
    c->got += (curl_off_t)len;
    c->sent = c->sent || curl_call_sent(c);
    c->early = !c->sent && is_whole(c);
    return c->early ? CURL_WRITEFUNC_ERROR : len; /* the error ends the transfer */
}

static struct slice trim_value(struct slice value)
{
    while (value.len && (value.ptr[value.len - 1] == '\n' || value.ptr[value.len - 1] == '\r'))
        value.len--;
    return slice_trim(value);
}

static void store_field(char stored[CURL_FIELD_MAX], struct slice value)
{
    value = trim_value(value);
    if (value.len < CURL_FIELD_MAX) {
        memcpy(stored, value.ptr, value.len);
        stored[value.len] = '\0';
    }
}

/* libcurl calls it for each line of each head, those of 1xx replies too. */
size_t curl_reply_header(char *bytes, size_t size, size_t count, void *call)
{
    struct curl_call *c = call;
    size_t len = size * count;
    struct slice line = {bytes, len};
    c->head_bytes += len;
    c->head_too_large |= c->head_bytes > HEAD_MAX;
    if (c->head_too_large)
        return 0;
    if (slice_starts(line, "HTTP/")) {
        *c->content_type = *c->retry_after = '\0';
        c->limits = (struct rate_limits){0};
    }
    const char *colon = memchr(bytes, ':', len);
    if (!trim_value(line).len) {
        if (c->limits.primary.reset_at_s || c->limits.secondary.reset_at_s)
            rate_limits_date(&c->limits, clock_unix_ms() / 1000);
        report_head(c);
    }
    if (!colon)
        return len;
    struct slice name = {bytes, (size_t)(colon - bytes)}, value = {colon + 1, len - name.len - 1};
    if (slice_is_nocase(name, "content-type"))
        store_field(c->content_type, value);
    else if (slice_is_nocase(name, "retry-after"))
        store_field(c->retry_after, value);
    else
        rate_limits_read(&c->limits, name, trim_value(value));
    return len;
}

enum failure_kind curl_reply_failure(const struct curl_call *c, CURLcode code)
{
    if (c->early || (code == CURLE_HTTP2_STREAM && is_whole(c)))
        return FAILURE_NONE;
    switch (code) {
    case CURLE_OK: return FAILURE_NONE;
    case CURLE_OUT_OF_MEMORY: return FAILURE_INTERNAL;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_HTTP2:
    case CURLE_WRITE_ERROR: /* from our callbacks: CALL_STOP, or the head is too large */ return FAILURE_PROTOCOL;
    default: return c->head_bytes ? FAILURE_CUT : FAILURE_CONNECT;
    }
}
