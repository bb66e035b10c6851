/* model_list: pure. Lists of a server's models: GET /v1/models, and Ollama's GET /api/ps. */
#ifndef POINTSMAN_MODEL_LIST_H
#define POINTSMAN_MODEL_LIST_H

#include "common/buf.h"

/* Returns whether a list in OpenAI's format has the model. Ollama lists "qwen2.5-coder:3b"; a name without a tag means
 * ":latest". */
bool model_list_has(struct slice text, const char *model);

#define MODEL_LIST_LEAST_WINDOW 4096 /* tokens; Ollama's default context window */

/* Returns the context window, in tokens, with which Ollama has loaded the model, from its list of loaded models; the
 * default if the list lacks it. -1: not loaded; 0: not such a list. */
int64_t model_list_window(struct slice text, const char *model);

#endif
