/* tools: pure. The tools of a turn, with the flat names that upstreams get. */
#ifndef POINTSMAN_BRIDGE_TOOLS_H
#define POINTSMAN_BRIDGE_TOOLS_H

#include "proxy/bridge/model.h"

/* Adds the tools of an array, in the form of either API, with those in namespaces. Leaves out duplicates and hosted
 * tools, which only their provider can run. Returns whether `array` is an array. */
bool tools_add(struct turn *t, uint32_t array);
/* Adds the request's `tools`. false: turn_refuse() was called. */
bool tools_read(struct turn *t);
/* Writes the name that the upstream gets for a tool, also if the turn does not have the tool. */
void tools_flat_name(const struct turn *t, const struct tool_name *name, char flat[TOOL_NAME_MAX + 1]);
/* Returns the name in an object with "name" and "namespace". */
struct tool_name tools_named(const struct turn *t, uint32_t object, enum tool_kind kind);
/* Returns whether a Chat Completions request has tools. Not with tool_choice "none" if the upstream ignores that. */
bool tools_are_offered(const struct turn *t, const struct turn_options *options);
/* Append `,"tools":[…]`, unless there are none. */
void tools_to_chat(const struct turn *t, const struct turn_options *options, struct buf *out);
void tools_to_responses(const struct turn *t, struct buf *out);
/* Appends a tool's parameters for a strict upstream: an object with a type, without keys that are not JSON Schema. */
void schema_write(const struct json *doc, uint32_t schema, struct buf *out);

#endif
