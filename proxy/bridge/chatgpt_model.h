/* chatgpt_model: pure. The efforts of the ChatGPT backend's models, and the names that carry one. */
#ifndef POINTSMAN_CHATGPT_MODEL_H
#define POINTSMAN_CHATGPT_MODEL_H

#include "common/buf.h"

struct chatgpt_model {
    struct slice name;   /* as the backend knows it */
    struct slice effort; /* of the suffix; empty without one */
};

/* Takes an effort off the end of a model's name: "gpt-5.1-codex-max-high" is gpt-5.1-codex-max with "high". ("max" is
 * no such suffix, it belongs to that model's name.) Both slices lie in `name`. */
struct chatgpt_model chatgpt_model(struct slice name);
/* The nearest effort that the model takes; words that are not known, and empty ones, stay as they are. */
struct slice chatgpt_effort(struct slice model, struct slice effort);

#endif
