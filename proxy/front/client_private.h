/* client_private: loop. A connection as its own files see it: client.c reads and decides, client_body.c reads bodies,
 * client_reply.c writes. */
#ifndef POINTSMAN_CLIENT_PRIVATE_H
#define POINTSMAN_CLIENT_PRIVATE_H

#include "proxy/front/client.h"

#include <event2/event.h>

#define OUT_HIGH (64u << 10) /* unsent bytes above which client_is_full() is true */
#define OUT_LOW (16u << 10)  /* bytes at which `drained` is called */

enum client_state {
    CLIENT_HEAD, /* waiting for a request, or for the rest of its head */
    CLIENT_BODY,
    CLIENT_SERVED,    /* the request is complete, its reply is not */
    CLIENT_CLOSING,   /* sending the rest of its output, then closes */
    CLIENT_LINGERING, /* our side is closed; reads the client's rest, so that a reset can't destroy the reply */
};

struct client {
    struct client_shared *shared;
    struct client *next, **back; /* in shared->all */
    int fd;
    enum client_state state;
    struct event *readable, *writable, *timer;
    struct buf in;        /* raw input, not processed yet */
    size_t scanned;       /* offset that http_head_length() has scanned */
    struct buf head_text; /* the request head; `head` points into it */
    struct http_head head;
    enum endpoint endpoint;
    struct key_ref *key; /* of the request; it lies behind the client. NULL: no key store */
    struct buf body;
    struct ceiling_hold held, out_held; /* memory counted for body, and for out while the client does not read */
    struct http_chunked chunked;
    size_t body_step; /* body length at the last timeout */
    struct buf out;
    size_t sent; /* bytes of out that are sent */
    bool streaming, was_full;
    bool waits_for_more; /* output waits for the next piece */
    bool stalled;        /* output waits for the client to read */
    bool broken;         /* the socket failed inside a call from above */
    bool input_waits;    /* `in` has bytes that no read event will announce */
    struct client_user *user;
    uint64_t ticket; /* the latest reply's, until the next request; 0: none */
};

#define CLIENT_BAD_CHUNKS "malformed chunked body"

/* Changes the state and sets its timeout. */
void client_enter(struct client *c, enum client_state state);
/* Schedules processing from the loop, because the caller is still at work. */
void client_look_later(struct client *c);
/* Schedules the loss of the connection from the loop, because the caller still holds the client. */
void client_lose_later(struct client *c);
/* Sends waiting output. false: the socket failed. */
MUST_CHECK bool client_flush(struct client *c);
/* Sends a refusal and closes, because the rest of the request is not trusted or not wanted. */
void client_refuse(struct client *c, const struct refusal *refusal);
/* The same for a virtual key that is not known or may not do this. */
void client_refuse_key(struct client *c, const struct key_refusal *refusal);
/* The same for input that is not a valid request; discards what was parsed. */
void client_refuse_syntax(struct client *c, int status, const char *message);
/* Takes `len` bytes off the input. */
void client_consume(struct slice *input, size_t len);
/* Returns whether the chunks in `input`, after a head that is refused for another reason, are malformed. */
bool client_has_bad_chunks(const struct client *c, struct slice input);
/* Starts reading the body after the head was admitted. false: no room for it, and the request was refused. */
bool client_begin_body(struct client *c);
/* Takes body bytes off the input. true: the body is complete. false: incomplete, or refused. */
bool client_take_body(struct client *c, struct slice *input);
/* Decodes a complete body by its Content-Encoding. false: the request was refused. */
bool client_decode_body(struct client *c);
/* Returns the bytes that can be read into c->body.data after its length; above 0 while a body of known length is
 * incomplete. */
size_t client_body_room(const struct client *c);
/* Empties a buffer. Frees large ones, because a connection may be idle for long. */
void client_release(struct buf *b);

#endif
