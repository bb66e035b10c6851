/* pure: the head of an HTTP/1.1 reply. */
#include "proxy/http/reply.h"

/* Parses "HTTP/1.1 200 OK"; the reason phrase is optional. */
static bool parse_status_line(struct slice line, struct http_reply *reply)
{
    if (line.len < 12 || !slice_starts(line, "HTTP/1.") || (line.ptr[7] != '0' && line.ptr[7] != '1') ||
        line.ptr[8] != ' ' || (line.len > 12 && line.ptr[12] != ' '))
        return false;
    reply->keep_alive = line.ptr[7] == '1';
    for (int i = 9; i < 12; i++) {
        if (line.ptr[i] < '0' || line.ptr[i] > '9')
            return false;
        reply->status = reply->status * 10 + (line.ptr[i] - '0');
    }
    return reply->status >= 100;
}

static bool apply_field(struct http_field field, struct http_reply *reply)
{
    if (slice_is_nocase(field.name, "content-length")) {
        if (reply->framing != HTTP_REPLY_UNTIL_CLOSE || !http_parse_length(field.value, &reply->content_length))
            return false;
        reply->framing = HTTP_REPLY_LENGTH;
    } else if (slice_is_nocase(field.name, "transfer-encoding")) {
        if (reply->framing != HTTP_REPLY_UNTIL_CLOSE || !slice_is_nocase(field.value, "chunked"))
            return false;
        reply->framing = HTTP_REPLY_CHUNKED;
    } else if (slice_is_nocase(field.name, "connection")) {
        reply->keep_alive = !http_lists(field.value, "close") &&
                            (reply->keep_alive || http_lists(field.value, "keep-alive"));
    } else if (slice_is_nocase(field.name, "content-type")) {
        reply->content_type = field.value;
    } else if (slice_is_nocase(field.name, "retry-after")) {
        reply->retry_after = field.value;
    }
    return true;
}

bool http_reply_parse(struct slice head, struct http_reply *reply)
{
    struct slice line;
    struct http_field field;
    *reply = (struct http_reply){.framing = HTTP_REPLY_UNTIL_CLOSE};
    if (!http_cut_line(&head, &line) || !parse_status_line(line, reply))
        return false;
    for (;;) {
        if (!http_cut_line(&head, &line))
            return false;
        if (!line.len)
            break;
        if (!http_split_field(line, &field) || !apply_field(field, reply))
            return false;
    }
    if (reply->status < 200 || reply->status == 204 || reply->status == 304 ||
        (reply->framing == HTTP_REPLY_LENGTH && reply->content_length == 0))
        reply->framing = HTTP_REPLY_EMPTY;
    if (reply->framing == HTTP_REPLY_UNTIL_CLOSE)
        reply->keep_alive = false;
    return true;
}
