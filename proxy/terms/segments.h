/* segments: pure. The segments of a prompt, in any of which a conversation's prefix can change, and the stored hashes
 * of a prefix. */
#ifndef POINTSMAN_SEGMENTS_H
#define POINTSMAN_SEGMENTS_H

#include <stdint.h>

enum segment {
    SEGMENT_INSTRUCTIONS, /* `instructions`, else the first system or developer message */
    SEGMENT_TOOLS,        /* definitions of tools, those among the items too */
    SEGMENT_ENVIRONMENT,  /* other system and developer messages, Codex's environment context, AGENTS.md */
    SEGMENT_HISTORY,      /* the user's and the model's messages, calls, reasoning */
    SEGMENT_TOOL_OUTPUT,
    SEGMENTS,
    SEGMENT_NONE = SEGMENTS,
};

/* Returns the request log's name: "instructions", "tool_output"; NULL for SEGMENT_NONE. */
const char *segment_name(enum segment segment);

/* A request's prompt as the next turn must begin. */
struct prefix {
    uint32_t hash[SEGMENTS]; /* of each segment's bytes, with a seed of the process */
    uint32_t items;          /* messages or input items */
};

#define PREFIX_LINES 4 /* requests of one conversation that are compared; see route/prefixes.h */

/* A request's prompt, and how it compares with the turn before. */
struct prompt_segments {
    uint32_t bytes[SEGMENTS]; /* without images and other data */
    uint32_t turn;            /* 1 + the model's replies in the prompt; 0: unknown, the prompt is incomplete */
    enum segment changed;     /* the first segment that differs from the turn before; SEGMENT_NONE: none, or unknown */
    unsigned line;            /* the index of the turn before among the lines; PREFIX_LINES: none */
    struct prefix prefix;
};

#endif
