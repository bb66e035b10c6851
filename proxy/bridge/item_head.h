/* item_head: pure. Classifies an item of a request's input, or a message. */
#ifndef POINTSMAN_BRIDGE_ITEM_HEAD_H
#define POINTSMAN_BRIDGE_ITEM_HEAD_H

#include "common/buf.h"

enum item_class {
    ITEM_IS_TOOLS,       /* definitions of tools */
    ITEM_IS_SYSTEM,      /* a system or developer message */
    ITEM_IS_ENVIRONMENT, /* a user message that Codex writes: environment context, AGENTS.md */
    ITEM_IS_USER,
    ITEM_IS_MODEL,  /* of the model: a message, a call, reasoning */
    ITEM_IS_OUTPUT, /* of a tool */
};

/* Returns the enum item_class of an item of either API: the `classify` of json.h. `item`: a JSON object that a parser
 * has accepted; `type`, `role`: its members, with quotes; empty: missing. */
uint8_t item_classify(struct slice item, struct slice type, struct slice role);

#endif
