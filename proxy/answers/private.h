/* answers_private: pure. Shared by the files of proxy/answers. */
#ifndef POINTSMAN_ANSWERS_PRIVATE_H
#define POINTSMAN_ANSWERS_PRIVATE_H

#include "proxy/answers/answers.h"

/* Returns whether the deployment may be called now, its sign-in included. If not, appends the reason to `why`, which
 * may be NULL. */
bool answers_ready(const struct answers *a, const struct deployment *d, struct buf *why);

#endif
