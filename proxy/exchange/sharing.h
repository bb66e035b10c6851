/* sharing: loop. Keeps the limits of several worker processes together: tells the others what exchanges of this one do
 * to deployments and accounts, and adds what the others tell to what this one knows. With one worker all of it does
 * nothing. */
#ifndef POINTSMAN_SHARING_H
#define POINTSMAN_SHARING_H

#include "proxy/exchange/request.h"

/* Finds the slots of a configuration's deployments and accounts. false: no memory. `shared->share` may be NULL. */
MUST_CHECK bool sharing_set_up(struct exchange_shared *shared);
void sharing_tear_down(struct exchange_shared *shared);
/* Brings health and spending up to what the others have told: before a request is planned, and before somebody is shown
 * them. */
void sharing_sync(struct exchange_shared *shared);
/* Tells what health_started() and health_ended() have booked. `correction` is the latter's result. */
void sharing_started(struct exchange_shared *shared, const struct deployment *d, const struct health_call *call);
void sharing_ended(struct exchange_shared *shared, const struct deployment *d, const struct health_call *call,
                   int64_t correction, uint64_t now_ms);
/* Tells of money: what is added to the account's held and spent, in USD; NAN in `spent` is a call without a price. */
void sharing_money(struct exchange_shared *shared, unsigned group, double held, double spent);

#endif
