/* loop: requests that administer virtual keys, passed on to the keeper. */
#include "proxy/serve/administration.h"

#include "common/log.h"
#include "proxy/keys/channel.h"
#include "proxy/terms/failure.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A client that waits for the keeper's answer. */
struct asking {
    struct client_user user; /* the first member: the client knows only it */
    struct client *client;   /* NULL: it has left */
    uint32_t tag;
    struct asking *next;
};

struct administration {
    struct channel *channel; /* NULL: the keeper has ended */
    int wake_fd;
    uint32_t last_tag;
    struct asking *waiting;
};

static void on_gone(struct client_user *user)
{
    ((struct asking *)user)->client = NULL; /* the answer is dropped when it comes */
}

static void on_drained(struct client_user *user)
{
    (void)user; /* a whole reply is sent at once */
}

static void send_body(struct client *client, int status, struct slice body)
{
    const struct client_reply reply = {status, "application/json", {NULL, 0}, body};
    client_send_reply(client, &reply);
}

static void refuse(struct client *client)
{
    struct buf body;
    buf_init(&body, 1024);
    (void)failure_write(SLICE("The keeper of the virtual keys has ended. It starts again with the proxy."),
                        "internal_server_error", "503", NULL, &body);
    send_body(client, 503, buf_slice(&body));
    buf_free(&body);
}

static struct asking *take(struct administration *a, uint32_t tag)
{
    for (struct asking **at = &a->waiting; *at; at = &(*at)->next)
        if ((*at)->tag == tag) {
            struct asking *found = *at;
            *at = found->next;
            return found;
        }
    return NULL;
}

/* An answer: three digits of the status, and the body. */
static void on_frame(void *ctx, uint32_t tag, struct slice frame)
{
    struct asking *asking = take(ctx, tag);
    if (asking && asking->client && frame.len >= 3) {
        int status = 0;
        for (unsigned i = 0; i < 3; i++)
            status = 10 * status + (frame.ptr[i] - '0');
        send_body(asking->client, status, (struct slice){frame.ptr + 3, frame.len - 3});
    }
    free(asking);
}

/* The parent stops this worker, too. */
static void on_closed(void *ctx)
{
    struct administration *a = ctx;
    log_error("the keeper of the virtual keys has ended");
    channel_free(a->channel);
    a->channel = NULL;
    for (struct asking *asking; (asking = a->waiting);) {
        a->waiting = asking->next;
        if (asking->client)
            refuse(asking->client);
        free(asking);
    }
}

struct administration *administration_new(struct event_base *base, int keeper, int wake_fd)
{
    struct administration *a = calloc(1, sizeof *a);
    if (!a) {
        close(keeper);
        return NULL;
    }
    a->wake_fd = wake_fd;
    a->channel = channel_new(base, keeper, &(struct channel_events){on_frame, on_closed, a});
    if (a->channel)
        return a;
    free(a);
    return NULL;
}

void administration_ask(struct administration *a, struct client *client)
{
    const struct http_head *head = client_head(client);
    const struct key_ref *key = client_key(client);
    char caller[2 * KEY_HASH_SIZE + 1] = "";
    struct asking *asking = a->channel ? malloc(sizeof *asking) : NULL;
    if (!key->master)
        (void)sodium_bin2hex(caller, sizeof caller, key->hash, sizeof key->hash);
    const struct slice end = {"", 1};
    const struct slice pieces[] = {head->method,     end, head->path,         end, head->query, end,
                                   slice_of(caller), end, client_body(client)};
    if (!a->channel) {
        refuse(client);
    } else if (!asking || !channel_send(a->channel, ++a->last_tag, pieces, sizeof pieces / sizeof *pieces)) {
        free(asking);
        client_send_no_memory(client);
    } else {
        *asking = (struct asking){{on_gone, on_drained}, client, a->last_tag, a->waiting};
        a->waiting = asking;
        client_set_user(client, &asking->user);
    }
}

void administration_wake(void *administration)
{
    const struct administration *a = administration;
    const uint64_t one = 1;
    if (write(a->wake_fd, &one, sizeof one) != (ssize_t)sizeof one)
        log_debug("the keeper of the virtual keys is awake");
}

void administration_free(struct administration *a)
{
    if (!a)
        return;
    channel_free(a->channel);
    for (struct asking *asking; (asking = a->waiting);) {
        a->waiting = asking->next;
        free(asking);
    }
    free(a);
}
