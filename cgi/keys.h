/* keys: which fields a start takes, and what makes their values acceptable. Pure. */
#ifndef POINTSMAN_CGI_KEYS_H
#define POINTSMAN_CGI_KEYS_H

#include "cgi/serving.h"
#include "proxy/config/variables.h"

#define KEY_MAX_LEN 1024
#define AGENT_BASE_NAME "CODEX_AGENT_API_BASE"

enum key { KEY_OPENAI, KEY_GEMINI, KEY_HF, KEY_CODEX_AGENT, KEY_COUNT };
enum choice { CHOICE_LOCAL_QWEN, CHOICE_CHATGPT_LOGIN, CHOICE_CODEX_AGENT, CHOICE_DEMO, CHOICE_COUNT };

/* A variable that the configuration names, beyond those that have a field of their own. */
struct variable {
    struct slice name, value;
};

/* What the user gave and chose. The slices are stretches of the request's body, which the caller wipes. */
struct keys {
    struct slice value[KEY_COUNT]; /* empty when not given */
    struct slice agent_base; /* codex-agent's base URL; it and its key are empty where codex-agent is not chosen */
    bool chosen[CHOICE_COUNT];
    struct variable variables[FIELDS_MAX];
    size_t variable_count;
    struct serving serving;
};

/* The field's name, which also is the environment variable's. */
const char *key_name(enum key key);
/* The second name under which a key goes out, or NULL. */
const char *key_alias(enum key key);
/* The environment variable that is 1 when it is chosen. */
const char *choice_variable(enum choice choice);

/* Reads and checks a start's fields ("token" is passed over). Refused with 400: fields that are neither known nor
 * variables that the configuration names (`named`), QWEN_API_* by name where it does not, a value that can't be a key,
 * a key that by its prefix belongs to another provider, codex-agent without a base URL that is http(s):// and, beyond
 * this machine, https://, a field that stands twice, and fields that leave nothing to route to. No message repeats any
 * part of a value. */
MUST_CHECK bool keys_read(const struct fields *fields, const struct config_variables *named, struct keys *out,
                          struct refusal *why);
/* Whether the variable's value is to be kept out of logs: all but what by its name is an address, a number or a switch.
 */
bool keys_is_secret(struct slice name);

#endif
