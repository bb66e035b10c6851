/* curl_loop: loop. Drives a curl multi handle from libevent: its sockets, its one timer, its finished transfers. */
#ifndef POINTSMAN_CURL_LOOP_H
#define POINTSMAN_CURL_LOOP_H

#include <curl/curl.h>
#include <stdbool.h>

struct event_base;
struct curl_loop;

struct curl_loop_owner {
    /* Called for each transfer that ended, from the loop and never inside a call of ours into libcurl; it may add and remove
     * handles. */
    void (*finished)(CURL *easy, CURLcode code, void *ctx);
    /* Whether the transfer is paused: its connection is then not idle, though libcurl has no interest in it. */
    bool (*is_paused)(CURL *easy);
    void *ctx;
};

/* NULL: no memory. */
struct curl_loop *curl_loop_new(struct event_base *base, const struct curl_loop_owner *owner);
/* All easy handles must have been removed. */
void curl_loop_free(struct curl_loop *loop);
/* CURLOPT_CLOSESOCKETFUNCTION of every easy handle, with the loop as CURLOPT_CLOSESOCKETDATA: a socket must not be closed while
 * the event loop watches it. */
int curl_loop_close_socket(void *loop, curl_socket_t fd);
CURLM *curl_loop_multi(struct curl_loop *loop);

#endif
