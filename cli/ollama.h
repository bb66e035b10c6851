/* ollama: sends prompts to local Qwen through Ollama's OpenAI-compatible API, without the proxy or Codex. */
#ifndef POINTSMAN_CLI_OLLAMA_H
#define POINTSMAN_CLI_OLLAMA_H

#include "proxy/config/config.h"

#define OLLAMA_ALIAS "codex-qwen-local"
#define OLLAMA_BASE "http://127.0.0.1:11434/v1"
#define OLLAMA_MODEL "qwen2.5-coder:3b"

struct ollama {
    const char *base, *model; /* borrowed from the configuration, or static */
};

/* The server and model of the alias OLLAMA_ALIAS; the defaults if the configuration (may be NULL) has no such alias. */
struct ollama ollama_of(const struct config *config);
/* Whether Ollama answers and has the model. false: one line in `why` with the command that helps. */
MUST_CHECK bool ollama_ready(const struct ollama *ollama, int timeout_ms, struct buf *why);

struct ollama_call {
    struct slice prompt;
    int64_t max_tokens;                            /* limit of the reply; 0: none */
    bool (*on_text)(struct slice text, void *ctx); /* gets the reply in pieces; return false to stop */
    void *ctx;
};

struct ollama_result {
    int64_t input_tokens, output_tokens; /* -1: not reported */
    int64_t ttft_ms, total_ms;           /* ttft_ms: time to first token; -1: no text */
};

/* Sends the prompt. false: one line in `error`. */
MUST_CHECK bool ollama_ask(const struct ollama *ollama, const struct ollama_call *call, struct ollama_result *result,
                           struct buf *error);

#endif
