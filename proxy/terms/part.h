/* part: pure. Parts of a request that some servers refuse, and that are left out.
 *
 * A refusal is recognized by its message (failure_patterns.h). The same deployment is called again without the part,
 * and later requests to it are sent without the part at once (route/refused.h). The bridge decides what is sent
 * instead. */
#ifndef POINTSMAN_PART_H
#define POINTSMAN_PART_H

#include "common/buf.h"

/* A set is a bitwise OR of these in an `unsigned`. */
enum request_part {
    PART_IMAGES = 1 << 0,        /* images, files and recordings; a text placeholder is sent instead */
    PART_FORMAT = 1 << 1,        /* response_format, text.format */
    PART_EFFORT = 1 << 2,        /* reasoning_effort, reasoning.effort */
    PART_EFFORT_VALUE = 1 << 3,  /* its value; the nearest one that the refusal offers is sent instead */
    PART_PREFILL = 1 << 4,       /* an assistant message at the end; a user message is added */
    PART_LATER_SYSTEM = 1 << 5,  /* system messages after the first message; sent as user messages */
    PART_SYSTEM = 1 << 6,        /* all system messages; sent as user messages */
    PART_ADJACENT = 1 << 7,      /* adjacent user messages; sent as one */
    PART_REASONING = 1 << 8,     /* reasoning in assistant messages */
    PART_NO_REASONING = 1 << 9,  /* tool calls without reasoning_content; sent with it */
    PART_NO_SIGNATURE = 1 << 10, /* tool calls without a thought signature; sent with a placeholder */
    PART_NO_DETAILS = 1 << 11,   /* tool calls without reasoning_details; sent with a placeholder */
    PART_MAX_TOKENS = 1 << 12,   /* the token limit's name; sent as max_completion_tokens, or as max_tokens */
    PART_RESPONSES = 1 << 13,    /* the Responses API; Chat Completions is used */
    PART_CHAT = 1 << 14,         /* Chat Completions; the Responses API is used */
    PART_FIELD = 1 << 15,        /* another field of the request, by name */
    PART_API = 1 << 16,          /* only in an error: the API that was used, PART_RESPONSES or PART_CHAT */
};

#define PART_COUNT 16      /* bits that are stored: all but PART_API */
#define PART_FIELD_NAME 40 /* bytes of a field's name, with the NUL */
#define PART_FIELDS 6      /* fields that are stored per deployment */

/* What to leave out of a request. */
struct omissions {
    unsigned parts;                            /* set of enum request_part */
    unsigned efforts;                          /* PART_EFFORT_VALUE: the accepted values, a set of enum effort */
    unsigned field_count;                      /* PART_FIELD: length of `fields` */
    char fields[PART_FIELDS][PART_FIELD_NAME]; /* "temperature", "reasoning.summary" */
};

/* Returns the name of one part in the configuration, in /dispatch/state and in the request log: "images". */
const char *part_name(unsigned part);
/* Returns the part of this name; 0: none. "api" is PART_API. */
unsigned part_named(const char *name);
/* Returns the part for a field: PART_EFFORT for "reasoning_effort", "reasoning.effort" and "reasoningEffort";
 * PART_FIELD for a field without its own part; 0 if a request requires the field, or if this is not a field's name. */
unsigned part_of_field(struct slice field);

/* Returns whether the field is left out. `w` NULL: no. */
bool omits_field(const struct omissions *w, const char *field);
/* Adds `more`, without fields beyond PART_FIELDS. Returns whether anything was new. */
bool omissions_add(struct omissions *w, const struct omissions *more);
/* Appends the names of the parts and fields, separated by ", ". */
void omissions_describe(const struct omissions *w, struct buf *out);

#endif
