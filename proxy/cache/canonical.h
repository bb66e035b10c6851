/* canonical: pure. The canonical form of a request, and the key of its answer.
 *
 * Two requests have one form if and only if they ask a model for the same: object keys are sorted, strings have one
 * escaping, numbers stay as written, and the text of prompts stays byte for byte. Fields that say nothing about the
 * answer are left out, and so are the ids of messages (rules.c). */
#ifndef POINTSMAN_CACHE_CANONICAL_H
#define POINTSMAN_CACHE_CANONICAL_H

#include "common/json.h"
#include "proxy/terms/wire.h"

#define CANONICAL_VERSION 1      /* part of each key: a change of the form finds nothing of an earlier one */
#define CANONICAL_MAX (1u << 20) /* bytes of a form; a longer request is not cacheable */
#define CACHE_KEY_SIZE 32

struct canonical {
    struct buf text;  /* the form: JSON */
    struct buf scope; /* the fields that name a user: JSON */
};

/* Makes the form of a whole parsed body. Returns NULL, or why there is none: "duplicate-key", "unknown-field",
 * "surrogate" (text that is not Unicode), "size". `blank`: a node to write as null; JSON_NONE: none. Free with
 * canonical_free() in either case. */
const char *canonical_make(struct canonical *c, const struct json *body, enum wire wire, uint32_t blank);
/* Returns the string node of the question, if the request is a single turn: one user message of one text, and
 * instructions; else JSON_NONE. */
uint32_t canonical_question(const struct json *body, enum wire wire);
void canonical_free(struct canonical *c);

/* What an answer is valid for, beside the form. */
struct canonical_scope {
    struct slice client_key;
    const unsigned char *configuration; /* CACHE_KEY_SIZE bytes: a hash of the deployments */
    struct slice model;                 /* the model that answers, as the deployment names it */
    struct slice spaces[2];             /* namespaces of the configuration and of the request */
    enum wire wire;
};

/* Hashes form and scope to `key`, CACHE_KEY_SIZE bytes, with the secret of CACHE_KEY_SIZE bytes: prompts can be
 * guessed, so a plain hash would confirm a guess. */
void canonical_key(const struct canonical *c, const struct canonical_scope *scope, const unsigned char *secret,
                   unsigned char *key);

#endif
