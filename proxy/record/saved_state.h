/* saved_state: pure, except for its file. The deployments' state between two runs of the proxy
 * (router_settings.keep_state): cooldowns, circuit breakers, averages, counts. Times are stored relative to the save,
 * because the monotonic clock restarts with the machine. */
#ifndef POINTSMAN_SAVED_STATE_H
#define POINTSMAN_SAVED_STATE_H

#include "proxy/route/health.h"

struct saved_state_clocks {
    uint64_t monotonic_ms;
    int64_t unix_ms;
};

/* Appends {"version":1,"saved_at_ms",…}, the input of saved_state_read(). Without error texts. */
bool saved_state_write(const struct config *c, const struct health *health, const struct saved_state_clocks *now,
                       struct buf *out);
/* Restores the state of the deployments whose id, model and server are the same. Returns false, and restores nothing,
 * if the text is malformed, of another version, or from the future. */
bool saved_state_read(struct slice text, const struct config *c, struct health *health,
                      const struct saved_state_clocks *now);

/* The same for a file: owned by the user, mode 0600, replaced atomically. A missing file is not an error. Other errors
 * are logged and the state starts empty. */
void saved_state_save(const char *path, const struct config *c, const struct health *health);
void saved_state_load(const char *path, const struct config *c, struct health *health);

#endif
