/* ollama_setup: brings the model on this machine up: starts Ollama's server where it does not run, and pulls the model
 * where it is not there, with a progress bar. */
#ifndef POINTSMAN_CLI_OLLAMA_SETUP_H
#define POINTSMAN_CLI_OLLAMA_SETUP_H

#include "cli/ollama.h"

/* false with a sentence in `why`. */
MUST_CHECK bool ollama_setup(const struct ollama *ollama, struct buf *why);

#endif
