/* canonical: pure. The canonical form of a request, and the key of its answer.
 *
 * Two requests have the same form if and only if they ask a model for the same: object keys are sorted, strings are
 * escaped in one way, numbers stay as written, and the text of prompts stays the same byte for byte. Fields that do not
 * affect the answer (rules.c) and the ids of messages are left out. */
#ifndef POINTSMAN_CACHE_CANONICAL_H
#define POINTSMAN_CACHE_CANONICAL_H

#include "common/json.h"
#include "proxy/terms/wire.h"

#define CANONICAL_VERSION 1 /* part of each key: increase it if the form changes; older entries then do not match */
#define CANONICAL_MAX (1u << 20) /* bytes, of the body and of the form; longer requests are not cacheable */
#define CACHE_KEY_SIZE 32

struct canonical {
    struct buf text;  /* the form: JSON */
    struct buf scope; /* the fields that name a user: JSON */
};

/* Makes the form of a body parsed by json_parse(). Returns NULL, or why there is none, as static text: "duplicate-key",
 * "unknown-field", "surrogate" (text that is not Unicode), "size". `blank`: a node to write as null; JSON_NONE: none.
 * Free with canonical_free() in either case. */
const char *canonical_make(struct canonical *c, const struct json *body, enum wire wire, uint32_t blank);
/* If the request is a single turn, which has one user message of one text besides instructions, returns that text's
 * string node; else JSON_NONE. */
uint32_t canonical_question(const struct json *body, enum wire wire);
void canonical_free(struct canonical *c);

/* What else must be equal for an answer to match. */
struct canonical_scope {
    struct slice client_key;
    const unsigned char *configuration; /* CACHE_KEY_SIZE bytes: a hash of the deployments */
    struct slice model;                 /* deployment.model of the plan's first deployment */
    struct slice spaces[2];             /* namespaces of the configuration and of the request */
    enum wire wire;
};

/* Writes to `key` a hash of form and scope, keyed with `secret`; both have CACHE_KEY_SIZE bytes. A hash without a key
 * would let anyone who sees it confirm a guess of the prompt. */
void canonical_key(const struct canonical *c, const struct canonical_scope *scope, const unsigned char *secret,
                   unsigned char *key);

#endif
