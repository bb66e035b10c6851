/* model_list: pure. What a server says of its models (GET /v1/models). */
#ifndef POINTSMAN_MODEL_LIST_H
#define POINTSMAN_MODEL_LIST_H

#include "common/buf.h"

/* Whether a list in OpenAI's shape names the model. Ollama lists "qwen2.5-coder:3b"; a name without a tag means ":latest". */
bool model_list_has(struct slice text, const char *model);

#endif
