/* model: pure. The structs of a turn, private to the bridge: the four request translators read and write them.
 *
 * Slices point into the client's document. "Escaped" is the inside of a JSON string, as it was written; "raw" a whole
 * JSON value. */
#ifndef POINTSMAN_BRIDGE_MODEL_H
#define POINTSMAN_BRIDGE_MODEL_H

#include "proxy/bridge/open_calls.h"
#include "proxy/bridge/turn.h"

#define TOOL_NAME_MAX 64    /* bytes; Chat Completions servers check for ^[A-Za-z0-9_-]{1,64}$ */
#define TURN_TOOLS_MAX 1024 /* requests with more are refused */

enum role { ROLE_SYSTEM, ROLE_DEVELOPER, ROLE_USER, ROLE_ASSISTANT };
enum part_kind { PART_TEXT, PART_IMAGE, PART_FILE, PART_AUDIO };

struct part {
    enum part_kind kind;
    struct slice text;   /* escaped: the text, the image's URL, the data of a file or recording */
    struct slice detail; /* escaped: the image's detail, the file's name, the recording's format; empty: none */
};

enum item_kind { ITEM_MESSAGE, ITEM_CALL, ITEM_RESULT, ITEM_CARRIER, ITEM_REASONING };

/* CARRIER: a provider's state (carrier.h). REASONING: the text of a reasoning item that this proxy wrote. */
struct item {
    enum item_kind kind;
    enum role role;             /* MESSAGE */
    uint32_t first_part, parts; /* MESSAGE, RESULT, REASONING */
    struct slice id;            /* CALL, RESULT: the client's call id, escaped */
    struct tool_name tool;      /* CALL */
    struct slice arguments;     /* CALL: arguments, or a custom tool's input, escaped. CARRIER: its text, escaped */
    bool raw;                   /* CALL: the arguments are raw */
    uint32_t peer;              /* CALL: index of its result; RESULT: of its call; NO_ITEM: none */
    uint32_t number;            /* CALL: from 1; see turn_call_id() */
};

struct tool {
    struct tool_name name;
    char flat[TOOL_NAME_MAX + 1]; /* the name that the upstream gets */
    uint32_t flat_hash;
    uint32_t node; /* the definition, in the document */
};

enum choice { CHOICE_UNSET, CHOICE_AUTO, CHOICE_NONE, CHOICE_REQUIRED, CHOICE_TOOL };
enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_SCHEMA };

struct turn {
    const struct json *doc;
    struct item *items;
    struct part *parts;
    struct tool *tools;
    uint32_t item_count, item_cap, part_count, part_cap, tool_count, tool_cap;
    uint32_t expected; /* first capacity of `items` and of `parts`; see turn_expect() */
    uint32_t call_count;
    struct open_calls open; /* while decoding: calls without a result so far */
    enum choice choice;
    struct tool_name choice_tool;
    enum format format;
    uint32_t schema;                         /* FORMAT_SCHEMA: node with name, schema, strict, description */
    struct slice effort, summary, verbosity; /* escaped; empty: not given */
    uint32_t max_tokens;                     /* node of a number; JSON_NONE: not given */
    bool include_usage;                      /* the chat client requested the usage chunk */
    bool no_memory;
    size_t prompt_bytes;      /* see turn_prompt_bytes() */
    unsigned dropped;         /* see turn_dropped() */
    struct turn_error *error; /* while decoding */
};

/* Sizes the arrays for a list with one item per element, mostly of one part. Larger arrays would waste memory: an idle
 * stream keeps its turn. */
void turn_expect(struct turn *t, uint32_t list);
/* Adds an empty item. NULL: out of memory (t->no_memory is set). Invalidates earlier pointers to items. */
struct item *turn_add_item(struct turn *t, enum item_kind kind);
/* Adds a part to the last item. Out of memory: t->no_memory is set, as for the next three. */
void turn_add_part(struct turn *t, enum part_kind kind, struct slice text, struct slice detail);
/* Adds a message with one part of text. */
void turn_add_text(struct turn *t, enum role role, struct slice text);
/* Adds a call with the next number. `arguments` is the node of a string or an object. Refuses the request if too many
 * calls have no result. */
void turn_add_call(struct turn *t, struct slice id, struct tool_name tool, uint32_t arguments);
/* Adds a result without parts, of the last call with this id that has none. */
void turn_add_result(struct turn *t, struct slice id);
/* Appends "call00001": nine letters and digits, which every upstream accepts. It is the same in every request of a
 * conversation, so that prompt caches match. */
void turn_call_id(const struct item *call, struct buf *out);
/* Sets t->error, unless it is set. Returns false. */
bool turn_refuse(struct turn *t, const char *param, const char *format, ...) PRINTF_LIKE(3, 4);
/* The same for a request that can't be translated, but may be valid (turn_error.unsupported). */
bool turn_refuse_translation(struct turn *t, const char *param, const char *format, ...) PRINTF_LIKE(3, 4);
/* Reads the values that are the same in both APIs: "auto", "none", "required". Ignores others. */
void turn_read_choice(struct turn *t, uint32_t choice);
/* Returns a member of the document's root; JSON_NONE: absent or null. */
uint32_t turn_field(const struct turn *t, const char *key);
/* Returns a member of an object; JSON_NONE: absent or null, or `object` is not an object. */
uint32_t object_field(const struct json *doc, uint32_t object, const char *key);
/* Returns the inside of a string member, escaped; empty: absent or not a string. */
struct slice object_text(const struct json *doc, uint32_t object, const char *key);
/* Returns whether an item_reference is to a reasoning item, which a translation leaves out. Other references are
 * refused with the text below, because a part of the conversation would be missing. */
bool reference_is_reasoning(const struct json *doc, uint32_t item);
#define REFERENCE_REFUSAL                                                                                           \
    "an item_reference, but this proxy stores no replies: send the item itself (AI SDK: providerOptions: {openai: " \
    "{store: false}})"

/* The user message after an assistant message that the upstream does not continue. */
#define TURN_GO_ON "Please go on."

#endif
