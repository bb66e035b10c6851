/* curl_loop: loop. Drives a curl multi handle from libevent: its sockets, its one timer, its finished transfers. */
#ifndef POINTSMAN_CURL_LOOP_H
#define POINTSMAN_CURL_LOOP_H

#include <curl/curl.h>
#include <stdbool.h>

struct event_base;
struct curl_loop;

struct curl_loop_owner {
    /* A transfer has ended. Called from the loop, not inside a function of libcurl; may add and remove handles. */
    void (*finished)(CURL *easy, CURLcode code, void *ctx);
    /* libcurl ran out of memory for its records of some transfer's sockets. It does not report which, and must not use
     * them again (7.88.1 divides by zero). Remove all easy handles, then call curl_loop_renew(). Not called inside a
     * function of libcurl. */
    void (*failed)(void *ctx);
    /* Returns whether the transfer is paused: its connection is then not idle, although libcurl does not watch it. */
    bool (*is_paused)(CURL *easy);
    void *ctx;
};

/* Makes a loop with at most so many connections; free it with curl_loop_free(). NULL: out of memory. */
struct curl_loop *curl_loop_new(struct event_base *base, const struct curl_loop_owner *owner, long connections_max);
/* All easy handles must be removed. NULL is allowed. */
void curl_loop_free(struct curl_loop *loop);
/* Call it from CURLOPT_SOCKOPTFUNCTION of every easy handle: libcurl has opened a socket for a connection. */
void curl_loop_opened(struct curl_loop *loop, curl_socket_t fd);
/* CURLOPT_CLOSESOCKETFUNCTION of every easy handle, with the loop as CURLOPT_CLOSESOCKETDATA: a socket must not be
 * closed while the event loop watches it. */
int curl_loop_close_socket(void *loop, curl_socket_t fd);
/* Returns the multi handle. NULL: out of memory, only after curl_loop_renew(). */
CURLM *curl_loop_multi(struct curl_loop *loop);
/* A function of libcurl ran out of memory: owner.failed() follows from the loop. */
void curl_loop_fail(struct curl_loop *loop);
/* Replaces the multi handle, which must be empty, and closes its connections. Out of memory: it is made later, and
 * until then transfers can't be added. */
void curl_loop_renew(struct curl_loop *loop);

#endif
