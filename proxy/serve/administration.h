/* administration: loop. A worker's side of the channel to the keeper (proxy/keys/keeper.h): passes on requests that
 * administer virtual keys, and answers them when the keeper has. */
#ifndef POINTSMAN_ADMINISTRATION_H
#define POINTSMAN_ADMINISTRATION_H

#include "proxy/front/client.h"

struct event_base;
struct administration;

/* `keeper`: the worker's end of the channel, owned, also on failure. `wake_fd`: the keeper's eventfd. NULL: out of
 * memory. */
struct administration *administration_new(struct event_base *base, int keeper, int wake_fd);
/* Passes the client's request on. The reply is sent later; if the keeper has ended, it is a 503. */
void administration_ask(struct administration *a, struct client *client);
/* Wakes the keeper, because calls have ended. */
void administration_wake(void *administration);
/* Requests that wait are not answered any more. NULL is allowed. */
void administration_free(struct administration *a);

#endif
