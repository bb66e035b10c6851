/* answers_private: what the files behind answers.h share. */
#ifndef POINTSMAN_ANSWERS_PRIVATE_H
#define POINTSMAN_ANSWERS_PRIVATE_H

#include "proxy/answers/answers.h"

/* Whether the deployment may be tried now, its login included; where not, `why` (or NULL) gets the words. */
bool answers_ready(const struct answers *a, const struct deployment *d, struct buf *why);

#endif
