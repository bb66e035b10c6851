/* sharing: loop. Keeps the limits of several worker processes together, through the table of route/share.h: publishes
 * what this worker's attempts do to deployments and accounts, and adds what the others have published. With one worker
 * every function does nothing. */
#ifndef POINTSMAN_SHARING_H
#define POINTSMAN_SHARING_H

#include "proxy/exchange/request.h"

/* Finds the slots of a configuration's deployments and accounts. false: no memory. `shared->share` may be NULL. */
MUST_CHECK bool sharing_set_up(struct exchange_shared *shared);
void sharing_tear_down(struct exchange_shared *shared);
/* Updates health and spending with what the others have published: before a request is planned, and before either is
 * shown. */
void sharing_sync(struct exchange_shared *shared);
/* Publish what health_started() and health_ended() have written. `correction` is the latter's result. */
void sharing_started(struct exchange_shared *shared, const struct deployment *d, const struct health_attempt *call);
void sharing_ended(struct exchange_shared *shared, const struct deployment *d, const struct health_attempt *call,
                   int64_t correction, uint64_t now_ms);
/* Publishes money: what is added to the account's held and spent, in USD; NAN in `spent` is a call without a price. */
void sharing_money(struct exchange_shared *shared, unsigned group, double held, double spent);

#endif
