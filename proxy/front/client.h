/* client: loop. One client connection: requests in, replies out. Requests are served one after another. While one is
 * served, the socket is still read, so that a disconnect is noticed at once. */
#ifndef POINTSMAN_CLIENT_H
#define POINTSMAN_CLIENT_H

#include "common/ceiling.h"
#include "proxy/front/identify.h"

struct event_base;
struct timeval;
struct client;

/* What serves a request; the client reports to it. */
struct client_user {
    /* The client disconnected before its reply was finished, and is invalid after this call. */
    void (*gone)(struct client_user *user);
    /* The output has drained after client_is_full() was true. */
    void (*drained)(struct client_user *user);
};

struct client_events {
    /* A request is complete and was admitted. Head and body stay valid until the reply is finished. */
    void (*request)(struct client *client, enum endpoint endpoint, void *ctx);
    /* Whether the client got all of the reply with that ticket (client_set_ticket()): true once the socket has taken
     * it; false if the connection ends before the client's system has acknowledged it. */
    void (*arrived)(uint64_t ticket, bool all, void *ctx);
    void *ctx;
};

/* Shared by all connections of a listener. */
struct client_shared {
    struct event_base *base;
    struct client_events events;
    struct admit_options admit;
    struct gate *gate;                    /* of the virtual keys; NULL: there are none */
    const struct timeval *head_timeout;   /* from a head's first byte to its end */
    const struct timeval *body_timeout;   /* for each further 64 KB of a body */
    const struct timeval *idle_timeout;   /* between requests, and for a stalled reader of a reply */
    const struct timeval *linger_timeout; /* after a refusal, for the client to read it */
    struct ceiling *bodies;               /* on the bodies of all requests */
    unsigned count, max;                  /* open connections, and their limit */
    struct client *all;                   /* list of them */
    bool closing;                         /* take no further requests */
    uint64_t tls_logged_ms;               /* ms, monotonic: last log line about a TLS client; 0: none */
};

struct client_reply {
    int status;
    const char *content_type;
    struct slice fields; /* further header fields, "Name: value\r\n" each; may be empty */
    struct slice body;
};

/* Takes ownership of a connected, non-blocking socket. false: out of memory, and the socket is closed. */
bool client_open(struct client_shared *shared, int fd);
/* Closes all connections at once; calls `gone` for requests in progress. */
void client_close_all(struct client_shared *shared);
/* Closes connections that wait for a request; the others close after their reply. */
void client_close_idle(struct client_shared *shared);

const struct http_head *client_head(const struct client *c);
/* Returns the virtual key of the request; NULL: no key store. */
const struct key_ref *client_key(const struct client *c);
struct slice client_body(const struct client *c);
/* Frees the body before the reply is finished. */
void client_forget_body(struct client *c);
/* Moves the body's memory to `body`; its bytes stay where they are. `held` counts them from now on. */
void client_give_body(struct client *c, struct buf *body, struct ceiling_hold *held);
/* Names what serves the request, until its reply is finished; without one, the client reports nothing. */
void client_set_user(struct client *c, struct client_user *user);
/* Names the reply that is now being written, for `arrived`; 0: it is not called. */
void client_set_ticket(struct client *c, uint64_t ticket);

/* Sends a whole reply and ends the request. Copies the body. If out of memory, sends client_send_no_memory() instead.
 */
void client_send_reply(struct client *c, const struct client_reply *reply);
/* Sends a 503 without allocating memory and ends the request. If the socket does not take it at once, closes the
 * connection. */
void client_send_no_memory(struct client *c);
/* Starts a reply in pieces: chunked for HTTP/1.1, until close for HTTP/1.0. Ignores the body of `start`. */
void client_start_stream(struct client *c, const struct client_reply *start);
/* Sends a piece. `more`: another call follows at once, so the pieces are written together. */
void client_send(struct client *c, struct slice bytes, bool more);
/* Sends the last piece, ends the stream and the request. */
void client_end_stream(struct client *c, struct slice last);
/* Closes the connection within a stream, so that the client sees an incomplete reply. Ends the request. */
void client_abort_stream(struct client *c);
/* Returns whether more than 64 KB of output wait to be sent: stop producing until `drained`. */
bool client_is_full(const struct client *c);

#endif
