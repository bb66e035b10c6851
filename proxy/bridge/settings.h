/* settings: pure. A request's fields other than messages and tools: tool choice, format, effort, limits. The functions
 * append them with a comma before each. */
#ifndef POINTSMAN_BRIDGE_SETTINGS_H
#define POINTSMAN_BRIDGE_SETTINGS_H

#include "proxy/bridge/model.h"

void settings_to_chat(const struct turn *t, const struct turn_options *options, struct buf *out);
void settings_to_responses(const struct turn *t, const struct turn_options *options, struct buf *out);
/* Returns the effort to send if the client asked for `asked` (escaped); `translated`: to Chat Completions. Empty: none.
 * `w` NULL: nothing is refused. */
struct slice settings_effort(const struct omissions *w, bool translated, struct slice asked);

#endif
