/* settings: what a request asks for beside messages and tools: the choice of a tool, the format, effort and limits.
 * Each writes its fields with a comma before each. */
#ifndef POINTSMAN_BRIDGE_SETTINGS_H
#define POINTSMAN_BRIDGE_SETTINGS_H

#include "proxy/bridge/model.h"

void settings_to_chat(const struct turn *t, const struct turn_options *options, struct buf *out);
void settings_to_responses(const struct turn *t, const struct turn_options *options, struct buf *out);
/* The effort that is sent where `asked` (escaped) was asked for; `translated`: to Chat Completions. Empty: none. */
struct slice settings_effort(const struct omissions *w, bool translated, struct slice asked);

#endif
