/* curl_call_private: a call through libcurl, for its two files: curl_call.c starts and ends it, curl_reply.c reads the
 * reply. */
#ifndef POINTSMAN_CURL_CALL_PRIVATE_H
#define POINTSMAN_CURL_CALL_PRIVATE_H

#include "proxy/upstream/curl_call.h"

#include <curl/curl.h>

#define CURL_FIELD_MAX 256 /* bytes of a stored header field */

struct slot;

struct curl_call {
    struct curl_calls *all;
    struct slot *slot;              /* NULL: a call with its own header fields; its handle is not reused */
    struct curl_call *next, **back; /* in all->active, else in slot->idle */
    CURL *easy;                     /* NULL: freed by on_failed() */
    struct curl_slist *headers;     /* owned; used only without a slot */
    const char *path;               /* the path in the handle's URL */
    const struct transport_events *events;
    void *ctx;
    size_t body_len;   /* request body, bytes */
    size_t head_bytes; /* reply heads so far, with those of 1xx replies */
    curl_off_t got;    /* reply body so far, bytes */
    char content_type[CURL_FIELD_MAX], retry_after[CURL_FIELD_MAX];
    struct rate_limits limits;
    bool head_reported, head_too_large;
    bool in_callback; /* a callback of libcurl is on the stack: the handle must not be removed */
    bool cancelled, paused;
    bool through_proxy; /* uses the outbound proxy */
    bool sent;          /* the whole request body was sent */
    bool early;         /* the reply was complete before that */
    bool lost;          /* libcurl ran out of memory for bytes of a paused call: the rest of the reply has a gap */
};

/* CURLOPT_WRITEFUNCTION and CURLOPT_HEADERFUNCTION; `call` is the struct curl_call. */
size_t curl_reply_body(char *bytes, size_t size, size_t count, void *call);
size_t curl_reply_header(char *bytes, size_t size, size_t count, void *call);
/* Returns why the finished call failed; FAILURE_NONE: the reply is complete. */
enum failure_kind curl_reply_failure(const struct curl_call *c, CURLcode code);

#endif
