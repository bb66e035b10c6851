/* keys: reads and checks the fields of a start. Pure. */
#ifndef POINTSMAN_CGI_KEYS_H
#define POINTSMAN_CGI_KEYS_H

#include "cgi/serve_options.h"
#include "proxy/config/variables.h"

#define KEY_MAX_LEN 1024 /* bytes of a value */
#define AGENT_BASE_NAME "CODEX_AGENT_API_BASE"

enum key { KEY_OPENAI, KEY_GEMINI, KEY_HF, KEY_CODEX_AGENT, KEY_COUNT };
enum choice { CHOICE_LOCAL_QWEN, CHOICE_CHATGPT_LOGIN, CHOICE_CODEX_AGENT, CHOICE_DEMO, CHOICE_COUNT };

/* A variable of the configuration without a field of its own. */
struct variable {
    struct slice name, value;
};

/* What the user entered and chose. The slices point into the request's body, which the caller wipes. */
struct keys {
    struct slice value[KEY_COUNT]; /* empty when not given */
    struct slice agent_base;       /* codex-agent's base URL; both are empty unless codex-agent is chosen */
    bool chosen[CHOICE_COUNT];
    struct variable variables[FIELDS_MAX];
    size_t variable_count;
    struct slice sources; /* "NAME:ORIGIN,…": where the values came from, if the sender says so (started.h) */
    struct serve_options serving;
};

/* Returns the name of the field, which is also the environment variable's. */
const char *key_name(enum key key);
/* Returns the second environment variable that gets the key, or NULL. */
const char *key_alias(enum key key);
/* Returns the environment variable that is 1 if the option is chosen. */
const char *choice_variable(enum choice choice);

/* Reads and checks a start's fields, except "token". Refused with 400: an unknown field that is not a variable of the
 * configuration either (`named`), QWEN_API_* unless the configuration names it, a value that can't be a key, a key that
 * begins like another provider's, codex-agent without a base URL (https:// unless it is on this machine), a duplicate
 * field, and fields that leave nothing to route to. No message repeats any part of a value. */
MUST_CHECK bool keys_read(const struct fields *fields, const struct config_variables *named, struct keys *out,
                          struct refusal *why);
/* Returns whether a field of this name is an option of the start, codex-agent's or the page token: the page has an
 * input of its own for it, or none. */
bool keys_is_option(struct slice name);
/* Returns whether the variable's value must not be logged: false if its name ends like that of an address, a number or
 * an option. */
bool keys_is_secret(struct slice name);

#endif
