/* journal_line: pure. Parts of lines that several logs have in common. */
#ifndef POINTSMAN_JOURNAL_LINE_H
#define POINTSMAN_JOURNAL_LINE_H

#include "proxy/keys/gate.h"
#include "common/json.h"
#include "proxy/route/plan.h"
#include "proxy/terms/usage.h"

/* Appends a JSON string; NULL: null. */
void journal_line_string(struct buf *out, const char *text);
/* Appends a text that needs no escape, such as a name of a table; NULL: null. */
void journal_line_word(struct buf *out, const char *word);
/* Appends `key` as it is, and a count; null if unknown (negative). */
void journal_line_number(struct buf *out, struct slice key, int64_t value);
/* A key, a literal with its quotes, and a count. */
#define JOURNAL_LINE_COUNT(out, key, value) journal_line_number((out), SLICE(key ":"), (value))
/* Appends `,"strategy":…,"stuck":…,"candidates":[…]`: the routing decision; NULL: none. */
void journal_line_decision(struct buf *out, const struct plan *plan);
/* Appends `"tokens":{…}`. What is unknown is null. */
void journal_line_tokens(struct buf *out, const struct usage *usage);
/* Writes the 16 hexadecimal digits of a conversation and a NUL. */
void journal_line_conversation(uint64_t conversation, char name[17]);

/* Appends the names that the virtual key has; NULL: nothing. */
void journal_line_key(struct buf *out, const struct gate_names *key);

#endif
