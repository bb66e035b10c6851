/* refused: pure. Which part of a translated request an upstream's 400 complains of, so that it may be asked again
 * without. */
#ifndef POINTSMAN_REFUSED_H
#define POINTSMAN_REFUSED_H

#include "proxy/bridge/turn.h"

/* A set of enum turn_without; 0: none of those parts, or no complaint of that kind. */
unsigned refused_parts(const struct failure *f);

#endif
