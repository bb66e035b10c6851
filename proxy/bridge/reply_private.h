/* reply_private: what reply.c (the list of outputs, text) and reply_calls.c (tool calls) share. */
#ifndef POINTSMAN_BRIDGE_REPLY_PRIVATE_H
#define POINTSMAN_BRIDGE_REPLY_PRIVATE_H

#include "proxy/bridge/reply.h"

/* reply.c */

/* Adds an open output, of which nothing is written yet. NULL: r->too_many is set (OUTPUTS_MAX), or out of memory and
 * r->out has failed. */
struct output *reply_add_output(struct reply *r, enum output_kind kind);
/* Makes r->out fail if one of the output's buffers has: its contents are then incomplete. */
void reply_fail_with(struct reply *r, const struct output *o);
/* The next three write to the client only if it streams. Writes the output's beginning; before the first one, the
 * reply's. */
void reply_begin_output(struct reply *r, struct output *o);
/* Writes `text`, the next part of the output's text. */
void reply_write_more(struct reply *r, struct output *o, struct slice text);
/* Completes an open output and writes its end. */
void reply_end_output(struct reply *r, struct output *o);
/* Ends the open message or reasoning, if any. */
void reply_end_text(struct reply *r);

/* reply_calls.c */

void reply_take_call(struct reply *r, const struct reply_event *e);
void reply_take_arguments(struct reply *r, const struct reply_event *e);
/* Adds a reasoning item that carries the state of a call. It ends the open message, as all reasoning does. */
void reply_take_call_state(struct reply *r, uint32_t call, struct slice state);
/* Completes a call's arguments. */
void reply_end_call(struct reply *r, struct output *o);
/* Returns the output of the call with this number; NULL: none. */
struct output *reply_find_call(struct reply *r, uint32_t call);

#endif
