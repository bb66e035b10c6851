/* model_list: pure. What a server says of its models: GET /v1/models, and Ollama's GET /api/ps. */
#ifndef POINTSMAN_MODEL_LIST_H
#define POINTSMAN_MODEL_LIST_H

#include "common/buf.h"

/* Whether a list in OpenAI's shape names the model. Ollama lists "qwen2.5-coder:3b"; a name without a tag means
 * ":latest". */
bool model_list_has(struct slice text, const char *model);

#define MODEL_LIST_LEAST_WINDOW 4096 /* tokens that Ollama takes at least, unless it is told to take less */

/* The context, in tokens, that Ollama has loaded the model with, by its list of loaded models; -1: it is not loaded; 0:
 * this is no such list. An Ollama that does not say counts as one that takes the least. */
int64_t model_list_window(struct slice text, const char *model);

#endif
