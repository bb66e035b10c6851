/* tools: the tools a turn offers, under the flat names that a Chat Completions upstream knows them by. */
#ifndef POINTSMAN_BRIDGE_TOOLS_H
#define POINTSMAN_BRIDGE_TOOLS_H

#include "proxy/bridge/model.h"

/* Adds the tools of an array in either wire's shape. Those in namespaces become tools of their own; one that is there
 * already and hosted ones, which only their provider can run, are left out. Returns whether `array` was one. */
bool tools_add(struct turn *t, uint32_t array);
/* Adds those of the request's `tools`. false: turn_refuse() was called. */
bool tools_read(struct turn *t);
/* The name that the upstream knows the tool by: the declared one's, else the same name made anew. */
void tools_flat_name(const struct turn *t, const struct tool_name *name, char flat[TOOL_NAME_MAX + 1]);
/* The tool that an object names: {"name","namespace"}. */
struct tool_name tools_named(const struct turn *t, uint32_t object, enum tool_kind kind);
/* Whether a Chat Completions request has tools: not if the client wants none called and the upstream would not know. */
bool tools_are_offered(const struct turn *t, const struct turn_options *options);
/* `,"tools":[…]` in the wire's shape; nothing without tools. */
void tools_to_chat(const struct turn *t, const struct turn_options *options, struct buf *out);
void tools_to_responses(const struct turn *t, struct buf *out);
/* Writes a tool's parameters for a strict upstream: always an object with a type, without keys that are no JSON Schema.
 */
void schema_write(const struct json *doc, uint32_t schema, struct buf *out);

#endif
