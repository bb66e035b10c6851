/* pure: the table of finish reasons. */
#include "proxy/bridge/finish.h"

#include <ctype.h>
#include <string.h>

#define LENGTH FINISH_LENGTH, FAILURE_NONE
#define FILTER FINISH_FILTER, FAILURE_NONE
#define SERVER FINISH_BROKEN, FAILURE_SERVER
#define MALFORMED FINISH_BROKEN, FAILURE_MALFORMED
#define STOP FINISH_STOP, FAILURE_NONE
#define UNKNOWN FINISH_NONE, FAILURE_NONE

/* The first row that matches counts: whole values come before parts of values. */
static const struct finish_reason REASONS[] = {
    {"stop", false, STOP, NULL},
    {"tool_calls", false, STOP, NULL},
    {"function_call", false, STOP, NULL},
    {"end_turn", false, STOP, "anthropic"},
    {"stop_sequence", false, STOP, "anthropic"},
    {"tool_use", false, STOP, "anthropic"},
    {"eos", false, STOP, "together_ai"},
    {"eos_token", false, STOP, "tgi"},
    {"complete", false, STOP, "cohere"},
    /* Truncated at a limit. */
    {"length", false, LENGTH, NULL},
    {"max_tokens", false, LENGTH, "anthropic"},
    {"max_output_tokens", false, LENGTH, "openai"},
    {"model_length", false, LENGTH, "mistral"},
    {"model_context_window_exceeded", false, LENGTH, "zai"},
    {"error_limit", false, LENGTH, "cohere"},
    {"time_limit", false, LENGTH, "watsonx"},
    /* Ended by a policy. */
    {"content_filter", false, FILTER, NULL},
    {"sensitive", false, FILTER, "zai"},
    {"safety", false, FILTER, "gemini"},
    {"recitation", false, FILTER, "gemini"},
    {"language", false, FILTER, "gemini"},
    {"blocklist", false, FILTER, "gemini"},
    {"prohibited_content", false, FILTER, "gemini"},
    {"spii", false, FILTER, "gemini"},
    {"refusal", false, FILTER, "anthropic"},
    {"guardrail_intervened", false, FILTER, "bedrock"},
    {"error_toxic", false, FILTER, "cohere"},
    /* Failed. */
    {"abort", false, SERVER, "vllm"},
    {"network_error", false, SERVER, "zai"},
    {"insufficient_system_resource", false, FINISH_BROKEN, FAILURE_OVERLOADED, "deepseek"},
    {"error", false, SERVER, "openrouter"},
    {"other", false, SERVER, "gemini"},
    {"cancelled", false, SERVER, "watsonx"},
    {"malformed_function_call", false, MALFORMED, "gemini"},
    {"malformed_response", false, MALFORMED, "gemini"},
    {"unexpected_tool_call", false, MALFORMED, "gemini"},
    {"too_many_tool_calls", false, MALFORMED, "gemini"},
    {"missing_thought_signature", false, MALFORMED, "gemini"},
    {"repetition", false, MALFORMED, "vllm"},
    /* Not finished yet. */
    {"null", false, UNKNOWN, NULL},
    {"none", false, UNKNOWN, NULL},
    {"unknown", false, UNKNOWN, NULL},
    {"not_finished", false, UNKNOWN, "watsonx"},
    {"finish_reason_unspecified", false, UNKNOWN, "gemini"},
    /* "function_call_filter: MALFORMED_FUNCTION_CALL", "content_filter: SAFETY", and unknown values. */
    {"function_call_filter", true, MALFORMED, "gemini"},
    {"malformed", true, MALFORMED, NULL},
    {"filter", true, FILTER, NULL},
    {"safety", true, FILTER, NULL},
    {"prohibit", true, FILTER, NULL},
    {"sensitive", true, FILTER, NULL},
    {"policy", true, FILTER, NULL},
    {"moderation", true, FILTER, NULL},
    {"guardrail", true, FILTER, NULL},
    {"error", true, SERVER, NULL},
    {"fail", true, SERVER, NULL},
    {"abort", true, SERVER, NULL},
    {"cancel", true, SERVER, NULL},
    {"interrupt", true, SERVER, NULL},
    {"timeout", true, SERVER, NULL},
    {"overload", true, SERVER, NULL},
    {"unavailable", true, SERVER, NULL},
    {"disconnect", true, SERVER, NULL},
    {"resource", true, SERVER, NULL},
    {"length", true, LENGTH, NULL},
    {"tokens", true, LENGTH, NULL},
    {"limit", true, LENGTH, NULL},
    {"context", true, LENGTH, NULL},
    {"truncat", true, LENGTH, NULL},
    {NULL, false, STOP, NULL},
};

#define COUNT (sizeof REASONS / sizeof *REASONS)
#define VALUE_MAX 128 /* bytes of a value that are compared */

static bool matches(const struct finish_reason *r, const char *word)
{
    return r->part ? strstr(word, r->word) != NULL : strcmp(word, r->word) == 0;
}

const struct finish_reason *finish_reason(struct slice value)
{
    char word[VALUE_MAX + 1];
    size_t len = value.len < VALUE_MAX ? value.len : VALUE_MAX;
    for (size_t i = 0; i < len; i++)
        word[i] = value.ptr[i] == '-' || value.ptr[i] == ' ' ? '_' : (char)tolower((unsigned char)value.ptr[i]);
    word[len] = '\0';
    size_t i = 0;
    while (i + 1 < COUNT && !matches(&REASONS[i], word))
        i++;
    return &REASONS[i];
}

const struct finish_reason *finish_reasons(size_t *count)
{
    *count = COUNT;
    return REASONS;
}
