/* start_keys: the variables that a start passes to the proxy: those that the configuration names and that are set. */
#ifndef POINTSMAN_CLI_START_KEYS_H
#define POINTSMAN_CLI_START_KEYS_H

#include "proxy/config/variables.h"

/* Where a given variable came from. */
enum start_origin { START_FROM_FD, START_FROM_PROMPT, START_FROM_OPTION };

struct start_keys {
    struct config_variables wanted; /* names in the configuration */
    struct buf given; /* an enum start_origin as one byte, "NAME=value" and NUL, repeated; overwritten when freed */
    bool enough;      /* at least one alias is ready */
};

/* Initializes an empty set. Free with start_keys_free(), which overwrites the values. */
void start_keys_init(struct start_keys *keys);
void start_keys_free(struct start_keys *keys);

/* Reads NAME=value lines from the descriptor to end of file; skips empty lines and # comments. false: one line in
 * `error`, which never contains a value. */
MUST_CHECK bool start_keys_read(struct start_keys *keys, int fd, struct buf *error);
/* Sets a variable as if it had been read. false: out of space. */
MUST_CHECK bool start_keys_set(struct start_keys *keys, enum start_origin origin, const char *name, struct slice value);
/* Loads the configuration and sets `wanted` and `enough`, from the given variables and the environment. false: the
 * configuration's errors in `error`, one per line. */
MUST_CHECK bool start_keys_learn(struct start_keys *keys, const char *config, struct buf *error);
/* Whether the configuration names every given variable. false: the first that it does not name is appended to `name`.
 */
MUST_CHECK bool start_keys_fit(const struct start_keys *keys, struct buf *name);
/* Prompts for each unset key of the configuration, and for local Qwen. */
void start_keys_ask(struct start_keys *keys);
/* Appends the variables as members of an open JSON object in `json`, and their names to `names` ("A, B"). Does not use
 * common/document, which leaves copies in memory. false: out of space. */
bool start_keys_json(const struct start_keys *keys, struct buf *json, struct buf *names);
/* Appends where each of these variables came from, as the session's API expects it: "A:environment,B:prompt". */
void start_keys_sources(const struct start_keys *keys, struct buf *out);
/* Whether the variable's name suggests a secret: ends with KEY, TOKEN or SECRET. */
bool start_keys_is_key(const char *name);

#endif
