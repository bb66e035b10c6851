/* chatgpt_model: pure. The efforts of the ChatGPT backend's models, and model names that end in one. */
#ifndef POINTSMAN_CHATGPT_MODEL_H
#define POINTSMAN_CHATGPT_MODEL_H

#include "common/buf.h"

struct chatgpt_model {
    struct slice name;   /* the backend's name of the model */
    struct slice effort; /* the suffix; empty: none */
};

/* Splits an effort off a model's name: "gpt-5.1-codex-max-high" is gpt-5.1-codex-max with "high". ("max" is part of
 * that name.) Both slices point into `name`. */
struct chatgpt_model chatgpt_model(struct slice name);
/* Returns the nearest effort that the model accepts; an unknown or empty effort unchanged. */
struct slice chatgpt_effort(struct slice model, struct slice effort);

#endif
