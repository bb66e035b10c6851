/* ollama_setup: starts Ollama's server if needed, and pulls the model if it is missing, with a progress bar. */
#ifndef POINTSMAN_CLI_OLLAMA_SETUP_H
#define POINTSMAN_CLI_OLLAMA_SETUP_H

#include "cli/ollama.h"

/* false: one line in `why`. */
MUST_CHECK bool ollama_setup(const struct ollama *ollama, struct buf *why);

#endif
