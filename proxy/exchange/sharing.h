/* sharing: loop. Synchronizes limits and cost between worker processes through the table of route/share.h: publishes
 * what this worker's attempts do to deployments and accounts, and adds what the others published. With one worker all
 * functions do nothing. */
#ifndef POINTSMAN_SHARING_H
#define POINTSMAN_SHARING_H

#include "proxy/exchange/request.h"

/* Finds the slots of the configuration's deployments and accounts. false: out of memory. `shared->share` may be NULL.
 * Free with sharing_tear_down(). */
MUST_CHECK bool sharing_set_up(struct exchange_shared *shared);
void sharing_tear_down(struct exchange_shared *shared);
/* Updates health and spending from the other workers: before a request is planned, and before either is shown. */
void sharing_sync(struct exchange_shared *shared);
/* Publish the changes of health_started() and health_ended(). `correction`: the result of health_ended(). */
void sharing_started(struct exchange_shared *shared, const struct deployment *d, const struct health_attempt *call);
void sharing_ended(struct exchange_shared *shared, const struct deployment *d, const struct health_attempt *call,
                   int64_t correction, uint64_t now_ms);
/* Publishes changes of the group's account, USD: `held` is added to the reservations, `spent` to the spending; NAN in
 * `spent`: a call without a price. */
void sharing_spending(struct exchange_shared *shared, unsigned group, double held, double spent);
/* Removes cached replies from memory if another worker got POST /cache/delete or /cache/flushall. Call before a lookup,
 * so that none finds a reply that is older than that request's answer. */
void sharing_flush(struct exchange_shared *shared);

#endif
