/* kept: pure but for its file. What is known of the deployments, from one start to the next
 * (router_settings.keep_state): rests, breakers, averages, counts. Times are told by their distance, for the monotonic
 * clock begins anew with the machine. */
#ifndef POINTSMAN_KEPT_H
#define POINTSMAN_KEPT_H

#include "proxy/route/health.h"

struct kept_clocks {
    uint64_t monotonic_ms;
    int64_t unix_ms;
};

/* {"version":1,"saved_at_ms",…}: what kept_read() takes. No error texts. */
bool kept_write(const struct config *c, const struct health *health, const struct kept_clocks *now, struct buf *out);
/* Takes over what is said of the deployments that the configuration has with the same id, model and server. false: it
 * is not of this version, not of this form, or from the future; nothing is taken over then. */
bool kept_read(struct slice text, const struct config *c, struct health *health, const struct kept_clocks *now);

/* The same with the file: owned by the user, 0600, replaced in one step. Its absence is no fault; any other is logged,
 * and the state begins anew. */
void kept_save(const char *path, const struct config *c, const struct health *health);
void kept_load(const char *path, const struct config *c, struct health *health);

#endif
