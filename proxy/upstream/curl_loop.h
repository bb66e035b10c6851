/* curl_loop: loop. Drives a curl multi handle from libevent: its sockets, its one timer, its finished transfers. */
#ifndef POINTSMAN_CURL_LOOP_H
#define POINTSMAN_CURL_LOOP_H

#include <curl/curl.h>

struct event_base;
struct curl_loop;

/* `finished` is called for each transfer that ended, from the loop and never inside a call of ours into libcurl; it may add and
 * remove handles. NULL: no memory. */
struct curl_loop *curl_loop_new(struct event_base *base, void (*finished)(CURL *easy, CURLcode code, void *ctx), void *ctx);
/* All easy handles must have been removed. */
void curl_loop_free(struct curl_loop *loop);
/* CURLOPT_CLOSESOCKETFUNCTION of every easy handle, with the loop as CURLOPT_CLOSESOCKETDATA: a socket must not be closed while
 * the event loop watches it. */
int curl_loop_close_socket(void *loop, curl_socket_t fd);
CURLM *curl_loop_multi(struct curl_loop *loop);

#endif
