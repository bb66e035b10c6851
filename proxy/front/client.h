/* client: loop. One connection of a client: its bytes in, its replies out. Requests come one after another; while one
 * is served, the socket is still read, so that a hang-up is noticed at once. */
#ifndef POINTSMAN_CLIENT_H
#define POINTSMAN_CLIENT_H

#include "common/ceiling.h"
#include "proxy/front/admit.h"

struct event_base;
struct timeval;
struct client;

struct client_events {
    /* A request was admitted and is complete. The head and body stay valid until the reply is finished. */
    void (*request)(struct client *client, enum endpoint endpoint, void *ctx);
    /* The client went away before its reply was finished. `user` is what client_set_user() set; the client is invalid
     * after this call. */
    void (*gone)(void *user, void *ctx);
    /* The output that client_is_full() complained of has been written. */
    void (*drained)(void *user, void *ctx);
    void *ctx;
};

/* What all connections of a listener share. */
struct client_shared {
    struct event_base *base;
    struct client_events events;
    struct admit_options admit;
    const struct timeval *head_timeout;   /* for a complete head, from its first byte */
    const struct timeval *body_timeout;   /* for each further 64 KB of a body */
    const struct timeval *idle_timeout;   /* between requests, and for a stalled reader of a reply */
    const struct timeval *linger_timeout; /* after a refusal, for the client to read it */
    struct ceiling *bodies;               /* over the bodies of all requests */
    unsigned count, max;                  /* connections open now, and at most */
    struct client *all;                   /* list of them */
    bool closing;                         /* no further request is taken */
    uint64_t tls_logged_ms;               /* when the log last said that a client spoke TLS, monotonic; 0: never */
};

struct client_reply {
    int status;
    const char *content_type;
    struct slice fields; /* further header fields, each "Name: value\r\n"; may be empty */
    struct slice body;
};

/* Takes over a connected, non-blocking socket. false: no memory; the socket is closed. */
bool client_open(struct client_shared *shared, int fd);
/* Closes every connection without a word; `gone` is called for those whose reply is open. */
void client_close_all(struct client_shared *shared);
/* Closes the connections that wait for a request; those in a reply go on, and close after it. */
void client_close_idle(struct client_shared *shared);

const struct http_head *client_head(const struct client *c);
struct slice client_body(const struct client *c);
/* The body is no longer needed: its memory is freed before the reply is finished. */
void client_forget_body(struct client *c);
void client_set_user(struct client *c, void *user);

/* A whole reply. The body is copied. Ends the request. Without memory it is client_send_no_memory()'s. */
void client_send_reply(struct client *c, const struct client_reply *reply);
/* A whole reply that needs no memory: 503. It is lost, and the connection with it, where the socket does not take it at
 * once. Ends the request. */
void client_send_no_memory(struct client *c);
/* A reply in pieces: chunked for HTTP/1.1, until the close for HTTP/1.0. `body` of `start` is ignored. */
void client_start_stream(struct client *c, const struct client_reply *start);
/* `more`: another call follows at once, so that what comes in one go is written in one go. */
void client_send(struct client *c, struct slice bytes, bool more);
/* Its last bytes; ends the stream properly, and with it the request. */
void client_end_stream(struct client *c, struct slice last);
/* Breaks the connection in the middle of a stream. Ends the request. */
void client_cut(struct client *c);
/* Whether more than 64 KB of output wait for the client: stop producing until `drained`. */
bool client_is_full(const struct client *c);

#endif
