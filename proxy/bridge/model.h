/* model: what a turn is made of. Private to the bridge: the four request translators read and write it.
 *
 * Every slice lies in the client's document. Those said to be escaped are the inside of a JSON string as it was
 * written; those said to be raw are a whole JSON value. */
#ifndef POINTSMAN_BRIDGE_MODEL_H
#define POINTSMAN_BRIDGE_MODEL_H

#include "proxy/bridge/open_calls.h"
#include "proxy/bridge/turn.h"

#define TOOL_NAME_MAX 64    /* ^[A-Za-z0-9_-]{1,64}$ in every Chat Completions server that checks */
#define TURN_TOOLS_MAX 1024 /* a request with more is refused */

enum role { ROLE_SYSTEM, ROLE_DEVELOPER, ROLE_USER, ROLE_ASSISTANT };
enum part_kind { PART_TEXT, PART_IMAGE, PART_FILE, PART_AUDIO };

struct part {
    enum part_kind kind;
    struct slice text;   /* escaped: the text, the image's URL, the file's or sound's data */
    struct slice detail; /* escaped: an image's detail, a file's name, a sound's format; or empty */
};

enum item_kind { ITEM_MESSAGE, ITEM_CALL, ITEM_RESULT, ITEM_CARRIER, ITEM_REASONING };

/* CARRIER: a provider's state. REASONING: its text, of a reasoning item that this proxy wrote. */
struct item {
    enum item_kind kind;
    enum role role;             /* MESSAGE */
    uint32_t first_part, parts; /* MESSAGE, RESULT, REASONING */
    struct slice id;            /* CALL, RESULT: the client's call id, escaped */
    struct tool_name tool;      /* CALL */
    struct slice arguments;     /* CALL: escaped, a custom tool's input too. CARRIER: escaped */
    bool raw;                   /* CALL: the arguments are a JSON value of their own instead */
    uint32_t peer;              /* CALL: its result; RESULT: its call; or NO_ITEM */
    uint32_t number;            /* CALL: from 1: its id towards the upstream, see turn_call_id() */
};

struct tool {
    struct tool_name name;
    char flat[TOOL_NAME_MAX + 1];
    uint32_t flat_hash;
    uint32_t node; /* the definition in the document */
};

enum choice { CHOICE_UNSET, CHOICE_AUTO, CHOICE_NONE, CHOICE_REQUIRED, CHOICE_TOOL };
enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_SCHEMA };

struct turn {
    const struct json *doc;
    struct item *items;
    struct part *parts;
    struct tool *tools;
    uint32_t item_count, item_cap, part_count, part_cap, tool_count, tool_cap;
    uint32_t expected; /* items, and parts: what the arrays begin with; see turn_expect() */
    uint32_t call_count;
    struct open_calls open; /* calls still without a result, while decoding */
    enum choice choice;
    struct tool_name choice_tool;
    enum format format;
    uint32_t schema;                         /* FORMAT_SCHEMA: the object with name, schema, strict, description */
    struct slice effort, summary, verbosity; /* escaped; empty when not given */
    uint32_t max_tokens;                     /* a number's node, or JSON_NONE */
    bool include_usage;                      /* a chat client asked for the usage chunk */
    bool no_memory;
    size_t prompt_bytes;
    unsigned dropped;
    struct turn_error *error; /* while decoding */
};

/* Sizes the arrays for a list with one item for each element, most of them of one part: an idle stream keeps the turn.
 */
void turn_expect(struct turn *t, uint32_t list);
/* Each appends and returns the new element, zeroed but for what says otherwise; NULL without memory (no_memory is set).
 */
struct item *turn_add_item(struct turn *t, enum item_kind kind);
/* The part becomes the last of the item that was added last. */
void turn_add_part(struct turn *t, enum part_kind kind, struct slice text, struct slice detail);
/* A message with one part of text. */
void turn_add_text(struct turn *t, enum role role, struct slice text);
/* Adds the call and gives it its number. `arguments` is a node: a string, or a value of its own. Refuses the request if
 * too many calls have no result. */
void turn_add_call(struct turn *t, struct slice id, struct tool_name tool, uint32_t arguments);
/* A result without parts, tied to the last unanswered call of that id. */
void turn_add_result(struct turn *t, struct slice id);
/* "call00001": nine letters and digits, which every upstream accepts, and the same in every turn of a conversation, so
 * that prompt caches hold. */
void turn_call_id(const struct item *call, struct buf *out);
/* Says what is wrong with the request, once; always false. */
bool turn_refuse(struct turn *t, const char *param, const char *format, ...) PRINTF_LIKE(3, 4);
/* The same for what only the translation can't take (turn_error.unsupported). */
bool turn_refuse_translation(struct turn *t, const char *param, const char *format, ...) PRINTF_LIKE(3, 4);
/* What both wires call the same: "auto", "none", "required". An object is the caller's to read. */
void turn_read_choice(struct turn *t, uint32_t choice);
/* The value of `key` at the document's top level; JSON_NONE also for null. */
uint32_t turn_field(const struct turn *t, const char *key);
/* json_get() that takes null for absent. */
uint32_t object_field(const struct json *doc, uint32_t object, const char *key);
/* The inside of the string `key`, escaped; empty when absent or no string. */
struct slice object_text(const struct json *doc, uint32_t object, const char *key);
/* Whether an item_reference means reasoning: that is left out of a translation anyway. Any other reference is refused
 * with the text below, because a part of the conversation would be missing. */
bool reference_is_reasoning(const struct json *doc, uint32_t item);
#define REFERENCE_REFUSAL                                                                                          \
    "an item_reference, and this proxy keeps no replies: send the item itself (AI SDK: providerOptions: {openai: " \
    "{store: false}})"

/* What a user says where an upstream does not go on with the assistant's last words. */
#define TURN_GO_ON "Please go on."

#endif
