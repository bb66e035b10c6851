/* part: pure. Parts of a request that some servers refuse, and what a request is sent without.
 *
 * A refusal is known by its words (failure_words.h). The same deployment is asked again without the part, and later
 * requests to it are sent without the part at once (route/refused.h). What is sent instead is the bridge's matter. */
#ifndef POINTSMAN_PART_H
#define POINTSMAN_PART_H

#include "common/buf.h"

/* A set is an `unsigned` of these or-ed together. */
enum request_part {
    PART_IMAGES = 1 << 0,        /* images, files and sounds; a placeholder of text is sent instead */
    PART_FORMAT = 1 << 1,        /* response_format, text.format */
    PART_EFFORT = 1 << 2,        /* reasoning_effort, reasoning.effort */
    PART_EFFORT_VALUE = 1 << 3,  /* its value; the nearest one that the refusal offers is sent instead */
    PART_PREFILL = 1 << 4,       /* an assistant's message at the end; a user's message asks to go on */
    PART_LATER_SYSTEM = 1 << 5,  /* system messages behind the first message; sent as the user's */
    PART_SYSTEM = 1 << 6,        /* all system messages; sent as the user's */
    PART_ADJACENT = 1 << 7,      /* user messages next to each other; sent as one */
    PART_REASONING = 1 << 8,     /* reasoning in an assistant's message */
    PART_NO_REASONING = 1 << 9,  /* tool calls without reasoning_content; sent with it */
    PART_NO_SIGNATURE = 1 << 10, /* tool calls without a thought signature; sent with a placeholder */
    PART_NO_DETAILS = 1 << 11,   /* tool calls without reasoning_details; sent with a placeholder */
    PART_MAX_TOKENS = 1 << 12,   /* the name of the limit of tokens; sent as max_completion_tokens, or as max_tokens */
    PART_RESPONSES = 1 << 13,    /* the Responses API; asked by Chat Completions */
    PART_CHAT = 1 << 14,         /* Chat Completions; asked by the Responses API */
    PART_FIELD = 1 << 15,        /* another field of the request, by its name */
    PART_API = 1 << 16,          /* in an error: the API that was asked by, PART_RESPONSES or PART_CHAT */
};

#define PART_COUNT 16 /* bits that can be remembered: all but PART_API */
#define PART_FIELD_NAME 40
#define PART_FIELDS 6 /* names that are remembered of a deployment */

/* A set of parts with what belongs to two of them. */
struct omissions {
    unsigned parts;
    unsigned efforts;                          /* PART_EFFORT_VALUE: the values that are taken, a set of enum effort */
    unsigned field_count;                      /* PART_FIELD */
    char fields[PART_FIELDS][PART_FIELD_NAME]; /* "temperature", "reasoning.summary" */
};

/* Its name in the configuration, in /dispatch/state and in the journal: "images"; of one part. */
const char *part_name(unsigned part);
/* The part of that name; 0: there is none. "api" is PART_API. */
unsigned part_named(const char *name);
/* The part that has an enum value of its own for a field: PART_EFFORT for "reasoning_effort", "reasoning.effort" and
 * "reasoningEffort"; PART_FIELD for any other that a request can do without; 0 for one that it can't do without, and
 * for what is no field's name. */
unsigned part_of_field(struct slice field);

/* Whether the field is left out. */
bool omits_field(const struct omissions *w, const char *field);
/* Adds what `more` has. Fields beyond PART_FIELDS are not added. Returns whether anything was new. */
bool omissions_add(struct omissions *w, const struct omissions *more);
/* Appends the names of the parts and fields, separated by ", ". */
void omissions_describe(const struct omissions *w, struct buf *out);

#endif
