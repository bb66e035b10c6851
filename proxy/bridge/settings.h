/* settings: what a request asks for beside messages and tools: the choice of a tool, the format, effort and limits.
 * Each writes its fields with a comma before each. */
#ifndef POINTSMAN_BRIDGE_SETTINGS_H
#define POINTSMAN_BRIDGE_SETTINGS_H

#include "proxy/bridge/model.h"

void settings_to_chat(const struct turn *t, const struct turn_options *options, struct buf *out);
void settings_to_responses(const struct turn *t, struct buf *out);

#endif
