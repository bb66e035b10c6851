/* client_private: a connection as its own files see it: client.c reads and decides, client_body.c takes bodies,
 * client_reply.c writes. */
#ifndef POINTSMAN_CLIENT_PRIVATE_H
#define POINTSMAN_CLIENT_PRIVATE_H

#include "proxy/front/client.h"

#include <event2/event.h>

#define OUT_HIGH (64u << 10) /* unsent bytes above which client_is_full() */
#define OUT_LOW (16u << 10)  /* … and below which it is told that it drained */

enum client_state {
    CLIENT_HEAD, /* waits for a request, or for the rest of its head */
    CLIENT_BODY,
    CLIENT_SERVED,    /* the request is complete; its reply is not */
    CLIENT_CLOSING,   /* writes the rest of its output, then closes */
    CLIENT_LINGERING, /* has closed its side, reads the client's rest so that no reset eats the reply */
};

struct client {
    struct client_shared *shared;
    struct client *next, **back; /* in shared->all */
    int fd;
    enum client_state state;
    struct event *readable, *writable, *timer;
    struct buf in;        /* raw input that nobody has looked at yet */
    size_t scanned;       /* how far http_head_length() has come in it */
    struct buf head_text; /* of the request; `head` points into it */
    struct http_head head;
    enum endpoint endpoint;
    struct buf body;
    struct ceiling_hold held, out_held; /* for body; for out, while the client does not read it */
    struct http_chunked chunked;
    size_t body_step; /* body length at the last timeout */
    struct buf out;
    size_t sent; /* of out */
    bool streaming, was_full;
    bool waits_for_more; /* output waits for what follows at once */
    bool stalled;        /* output waits for the client to read */
    bool broken;         /* the socket failed while somebody above was calling us */
    bool input_waits;    /* bytes are in `in` that no read event will announce */
    void *user;
};

#define CLIENT_BAD_CHUNKS "the chunked body is malformed"

/* Moves the connection into a state, with the timeout that belongs to it. */
void client_enter(struct client *c, enum client_state state);
/* There may be something to do that no socket announces. From the loop, for our caller is still at work. */
void client_look_later(struct client *c);
/* From a call that came from above: the loss is carried out from the loop, where nobody still holds the client. */
void client_lose_later(struct client *c);
/* Writes what waits to be written; false when the socket has failed. */
MUST_CHECK bool client_flush(struct client *c);
/* Answers by itself, and closes: what is still to come of the request is not to be trusted, or not wanted. */
void client_refuse(struct client *c, const struct refusal *refusal);
/* The same for what can't be taken for a request; nothing that was read of it counts. */
void client_refuse_syntax(struct client *c, int status, const char *message);
/* Takes so many bytes off the input. */
void client_consume(struct slice *input, size_t len);
/* Whether the chunks that came along with a head, whose request is refused for another reason, are malformed. */
bool client_has_bad_chunks(const struct client *c, struct slice input);
/* The head was admitted. false: there is no room for its body, and the request was refused. */
bool client_begin_body(struct client *c);
/* Moves body bytes from the input; true when the body is complete. false also after a refusal. */
bool client_take_body(struct client *c, struct slice *input);
/* Decodes a complete body by its Content-Encoding. false: the request was refused. */
bool client_decode_body(struct client *c);
/* Bytes that can be read into c->body.data behind its length; over 0 while a body of known length is incomplete. */
size_t client_body_room(const struct client *c);
/* Empties a buffer; large ones are given back, for a connection may then be idle for long. */
void client_release(struct buf *b);

#endif
