/* keys: which fields a start takes, and what makes their values acceptable. Pure. */
#ifndef POINTSMAN_CGI_KEYS_H
#define POINTSMAN_CGI_KEYS_H

#include "cgi/fields.h"

#define KEY_MAX_LEN 1024

enum key { KEY_OPENAI, KEY_GEMINI, KEY_HF, KEY_COUNT };

/* What the user chose. The slices are stretches of the request's body, which the caller wipes. */
struct keys {
    struct slice value[KEY_COUNT];   /* empty when not given */
    bool local_qwen;
    bool demo;
};

/* The field's name, which also is the environment variable's. */
const char *key_name(enum key key);
/* The second name under which a key goes out, or NULL. */
const char *key_alias(enum key key);

/* Reads and checks a start's fields ("token" is passed over). Refused with 400: unknown fields, QWEN_API_* by name, a
 * value that can't be a key, a key that by its prefix belongs to another provider, a field that stands twice, and
 * fields that leave nothing to route to. No message repeats any part of a value. */
MUST_CHECK bool keys_read(const struct fields *fields, struct keys *out, struct refusal *why);

#endif
