/* start_keys: what a start hands to the proxy: exactly the variables that its configuration looks up and that are set.
 */
#ifndef POINTSMAN_CLI_START_KEYS_H
#define POINTSMAN_CLI_START_KEYS_H

#include "proxy/config/variables.h"

struct start_keys {
    struct config_variables wanted; /* what the configuration looked up */
    struct buf given; /* "NAME=value" and NUL, one after the other: read from a descriptor, or typed; wiped */
    bool enough;      /* some deployment is ready */
};

/* An empty set. Free with start_keys_free(), which overwrites what was given. */
void start_keys_init(struct start_keys *keys);
void start_keys_free(struct start_keys *keys);

/* Reads lines NAME=value from the descriptor to its end; empty lines and those that begin with # are passed over. false
 * with a line in `error`, which never repeats a value. */
MUST_CHECK bool start_keys_read(struct start_keys *keys, int fd, struct buf *error);
/* Sets a variable as if it had been read. */
MUST_CHECK bool start_keys_set(struct start_keys *keys, const char *name, struct slice value);
/* Loads the configuration and learns which variables it looks up, and whether some deployment is ready with those that
 * are given or in the environment. false with the configuration's faults in `error`, a line each. */
MUST_CHECK bool start_keys_learn(struct start_keys *keys, const char *config, struct buf *error);
/* Whether the configuration looks up all that was given; else `name` gets the first that it does not. */
MUST_CHECK bool start_keys_fit(const struct start_keys *keys, struct buf *name);
/* Asks at the terminal for each key of the configuration that is not set, and whether to use local Qwen. */
void start_keys_ask(struct start_keys *keys);
/* Appends a member for each to the object that `json` begins, and their names to `names` ("A, B"). Not through
 * common/document, which leaves copies in memory. */
bool start_keys_json(const struct start_keys *keys, struct buf *json, struct buf *names);
/* Whether the variable holds a key, as far as its name tells. */
bool start_keys_is_key(const char *name);

#endif
