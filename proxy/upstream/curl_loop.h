/* curl_loop: loop. Drives a curl multi handle from libevent: its sockets, its one timer, its finished transfers. */
#ifndef POINTSMAN_CURL_LOOP_H
#define POINTSMAN_CURL_LOOP_H

#include <curl/curl.h>
#include <stdbool.h>

struct event_base;
struct curl_loop;

struct curl_loop_owner {
    /* Called for each transfer that ended, from the loop and never inside a call of ours into libcurl; it may add and
     * remove handles. */
    void (*finished)(CURL *easy, CURLcode code, void *ctx);
    /* libcurl found no memory for what it keeps of the sockets of some transfer. It does not say whose, and must not
     * come to them again (7.88.1 divides by zero there): all easy handles have to be removed, and then
     * curl_loop_renew() called. Never called with libcurl on the stack. */
    void (*failed)(void *ctx);
    /* Whether the transfer is paused: its connection is then not idle, though libcurl has no interest in it. */
    bool (*is_paused)(CURL *easy);
    void *ctx;
};

/* Keeps at most so many connections. NULL: no memory. */
struct curl_loop *curl_loop_new(struct event_base *base, const struct curl_loop_owner *owner, long connections_max);
/* All easy handles must have been removed. */
void curl_loop_free(struct curl_loop *loop);
/* To be called from CURLOPT_SOCKOPTFUNCTION of every easy handle: libcurl has opened a socket for a connection. */
void curl_loop_opened(struct curl_loop *loop, curl_socket_t fd);
/* CURLOPT_CLOSESOCKETFUNCTION of every easy handle, with the loop as CURLOPT_CLOSESOCKETDATA: a socket must not be
 * closed while the event loop watches it. */
int curl_loop_close_socket(void *loop, curl_socket_t fd);
/* NULL: no memory, after curl_loop_renew(). */
CURLM *curl_loop_multi(struct curl_loop *loop);
/* A call of ours into libcurl ended as above: `failed` follows from the loop. */
void curl_loop_fail(struct curl_loop *loop);
/* Another multi handle in place of this one, which is empty; its connections are closed. Without memory there is none
 * for a while, and transfers can't be added. */
void curl_loop_renew(struct curl_loop *loop);

#endif
