/* pure: the table of codes and messages that identify a provider's failure. */
#include "proxy/terms/failure_private.h"

#define CODE .match = FAILURE_IN_CODE
#define TEXT .match = FAILURE_IN_TEXT
#define BIT(KIND) FAILURE_BIT(FAILURE_##KIND)
/* `among`: ANY: a code overrides every status; NO_STATUS: it counts only without one. */
#define ANY (~0u)
#define NO_STATUS BIT(NONE)
#define REFUSED (BIT(BAD_REQUEST) | BIT(SERVER) | BIT(TOO_LARGE) | NO_STATUS)
/* Codes of rate limits: not for a 413, which means that the request exceeds the limit. */
#define LIMITED (~BIT(TOO_LARGE))
#define DENIED (BIT(BAD_REQUEST) | BIT(AUTH))
#define UNPAID (DENIED | BIT(RATE_LIMIT) | NO_STATUS)

static const struct failure_pattern PATTERNS[] = {
    /* Context window exceeded. */
    {CODE, "context_length_exceeded", ANY, FAILURE_CONTEXT, NULL, 400, "Too big"},
    {CODE, "string_above_max_length", ANY, FAILURE_CONTEXT, "openai", 400, "Invalid 'input': string too long."},
    {CODE, "model_max_prompt_tokens_exceeded", ANY, FAILURE_CONTEXT, "github", 400,
     "prompt token count of 135402 exceeds the limit of 128000"},
    {CODE, "exceed_context_size_error", ANY, FAILURE_CONTEXT, "llama.cpp", 400,
     "request (66202 tokens) exceeds the available context size (65536 tokens), try increasing it"},
    {CODE, "tokens_too_long", ANY, FAILURE_CONTEXT, "baidu", 400, "Prompt tokens too long"},
    {CODE, "characters_too_long", ANY, FAILURE_CONTEXT, "baidu", 400, "the max input characters is 516096"},
    {CODE, "1261", DENIED, FAILURE_CONTEXT, "zai", 400, "Prompt exceeds max length"},
    /* Request too large. */
    {CODE, "request_too_large", ANY, FAILURE_TOO_LARGE, "anthropic", 413, "Request exceeds the maximum size"},
    {CODE, "tokens_limit_reached", ANY, FAILURE_TOO_LARGE, "github", 413,
     "Request body too large for gpt-4o model. Max size: 8000 tokens."},
    /* Quota or credit used up. */
    {CODE, "insufficient_quota", ANY, FAILURE_QUOTA, "openai", 429, "You exceeded your current quota"},
    {CODE, "usage_limit_reached", ANY, FAILURE_QUOTA, "openai", 429, "The usage limit has been reached"},
    {CODE, "usage_not_included", ANY, FAILURE_QUOTA, "openai", 403, "To use Codex, upgrade to Plus"},
    {CODE, "billing_hard_limit_reached", ANY, FAILURE_QUOTA, "openai", 400, "Billing hard limit has been reached"},
    {CODE, "billing_not_active", ANY, FAILURE_QUOTA, "openai", 429, "Your account is not active"},
    {CODE, "organization_usage_limit_exceeded", ANY, FAILURE_QUOTA, "openai", 429, "Organization usage limit exceeded"},
    {CODE, "credit_balance_exhausted", ANY, FAILURE_QUOTA, "openai", 429, "Credit balance exhausted"},
    {CODE, "exceeded_current_quota_error", ANY, FAILURE_QUOTA, "moonshot", 429,
     "Your account is suspended, please check your plan"},
    {CODE, "insufficient_user_quota", ANY, FAILURE_QUOTA, "one-api", 403, "user quota is not enough"},
    {CODE, "Arrearage", ANY, FAILURE_QUOTA, "dashscope", 400,
     "Access denied, please make sure your account is in good standing."},
    {CODE, "AccountOverdueError", ANY, FAILURE_QUOTA, "volcengine", 403, "The request failed"},
    {CODE, "1113", UNPAID, FAILURE_QUOTA, "zai", 429, "Insufficient balance or no resource package. Please recharge."},
    {CODE, "1308", UNPAID, FAILURE_QUOTA, "zai", 429, "Usage limit reached for 5 hour."},
    /* Content policy. */
    {CODE, "content_filter", ANY, FAILURE_CONTENT_FILTER, NULL, 400,
     "The request was rejected because it was considered high risk"},
    {CODE, "content_policy_violation", ANY, FAILURE_CONTENT_FILTER, "openai", 400, "Your request was rejected"},
    {CODE, "ResponsibleAIPolicyViolation", ANY, FAILURE_CONTENT_FILTER, "azure", 400, "The response was filtered"},
    {CODE, "cyber_policy", ANY, FAILURE_CONTENT_FILTER, "openai", 400, "This request was flagged"},
    {CODE, "bio_policy", ANY, FAILURE_CONTENT_FILTER, "openai", 400, "This request was flagged"},
    {CODE, "safety_check_failed", ANY, FAILURE_CONTENT_FILTER, "zenmux", 403, "Upstream safety policy triggered"},
    {CODE, "data_inspection_failed", ANY, FAILURE_CONTENT_FILTER, "dashscope", 400, "Output data is not accepted"},
    {CODE, "DataInspectionFailed", ANY, FAILURE_CONTENT_FILTER, "dashscope", 400, "Input data is not accepted"},
    {CODE, "1301", DENIED | NO_STATUS, FAILURE_CONTENT_FILTER, "zai", 400,
     "System detected potentially unsafe content"},
    /* Invalid key. */
    {CODE, "invalid_api_key", ANY, FAILURE_AUTH, NULL, 400, "Wrong API Key"},
    {CODE, "authentication_error", ANY, FAILURE_AUTH, "anthropic", 401, "invalid x-api-key"},
    {CODE, "invalid_authentication_error", ANY, FAILURE_AUTH, "moonshot", 401, "Invalid Authentication"},
    {CODE, "UNAUTHENTICATED", ANY, FAILURE_AUTH, "gemini", 401, "Request had invalid authentication credentials."},
    {CODE, "PERMISSION_DENIED", ANY, FAILURE_AUTH, "gemini", 403, "denied"},
    {CODE, "permission_error", ANY, FAILURE_AUTH, "anthropic", 403, "Your API key does not have permission"},
    /* Unknown model. */
    {CODE, "model_not_found", ANY, FAILURE_NOT_FOUND, NULL, 404, "The model `x` does not exist"},
    {CODE, "model_not_supported", ANY, FAILURE_NOT_FOUND, "huggingface", 400,
     "not supported by any provider you have enabled"},
    {CODE, "model_decommissioned", ANY, FAILURE_NOT_FOUND, "groq", 400, "The model `x` has been decommissioned"},
    {CODE, "ModelError", ANY, FAILURE_NOT_FOUND, "opencode", 401, "Model GLM-5.2 is not supported"},
    {CODE, "unknown_model", ANY, FAILURE_NOT_FOUND, "github", 400, "Unknown model: x"},
    {CODE, "1211", DENIED, FAILURE_NOT_FOUND, "zai", 400, "Unknown Model, please check the model code."},
    /* Unusable output of the model. */
    {CODE, "tool_use_failed", ANY, FAILURE_MALFORMED, "groq", 400,
     "tool call validation failed: parameters for tool exec did not match schema"},
    {CODE, "output_parse_failed", ANY, FAILURE_MALFORMED, "groq", 400, "Parsing failed."},
    {CODE, "json_validate_failed", ANY, FAILURE_MALFORMED, "groq", 400, "Failed to validate JSON."},
    {CODE, "incomplete_generation", ANY, FAILURE_MALFORMED, "tgi", 500, "Incomplete generation"},
    {CODE, "ModelErrorException", ANY, FAILURE_MALFORMED, "bedrock", 424,
     "Model produced invalid sequence as part of ToolUse."},
    /* Rate limit. */
    {CODE, "rate_limit_exceeded", LIMITED, FAILURE_RATE_LIMIT, NULL, 429, "Rate limit reached for gpt-5.5"},
    {CODE, "rate_limit_error", LIMITED, FAILURE_RATE_LIMIT, "anthropic", 429, "Number of requests has exceeded"},
    {CODE, "rate_limit_reached_error", LIMITED, FAILURE_RATE_LIMIT, "moonshot", 429, "max RPM: 3"},
    {CODE, "too_many_requests", LIMITED, FAILURE_RATE_LIMIT, NULL, 0, "Too many requests"},
    {CODE, "RESOURCE_EXHAUSTED", LIMITED, FAILURE_RATE_LIMIT, "gemini", 429, "Resource has been exhausted"},
    {CODE, "ThrottlingException", LIMITED, FAILURE_RATE_LIMIT, "bedrock", 400,
     "Too many tokens, please wait before trying again."},
    {CODE, "limit_requests", LIMITED, FAILURE_RATE_LIMIT, "dashscope", 429, "You have exceeded your request limit"},
    {CODE, "1302", BIT(RATE_LIMIT) | NO_STATUS, FAILURE_RATE_LIMIT, "zai", 0, "High concurrency usage of this API"},
    /* Overloaded. */
    {CODE, "overloaded_error", ANY, FAILURE_OVERLOADED, "anthropic", 529, "Overloaded"},
    {CODE, "engine_overloaded_error", ANY, FAILURE_OVERLOADED, "moonshot", 429,
     "The engine is currently overloaded, please try again later"},
    {CODE, "overloaded", ANY, FAILURE_OVERLOADED, "tgi", 429, "Model is overloaded"},
    {CODE, "server_is_overloaded", ANY, FAILURE_OVERLOADED, "openai", 0, "Our servers are currently overloaded."},
    {CODE, "slow_down", ANY, FAILURE_OVERLOADED, "openai", 503, "Slow down"},
    {CODE, "capacity_exceeded", ANY, FAILURE_OVERLOADED, "groq", 498, "Flex tier capacity exceeded"},
    {CODE, "UNAVAILABLE", ANY, FAILURE_OVERLOADED, "gemini", 503, "The model is overloaded."},
    {CODE, "1305", BIT(RATE_LIMIT) | NO_STATUS, FAILURE_OVERLOADED, "zai", 429,
     "The service may be temporarily overloaded"},
    {CODE, "generation", ANY, FAILURE_SERVER, "tgi", 424, "Request failed during generation: Server error"},
    {CODE, "DEADLINE_EXCEEDED", ANY, FAILURE_TIMEOUT, "gemini", 504, "Deadline expired"},
    /* Codes equivalent to a status. */
    {CODE, "timeout_error", NO_STATUS, FAILURE_TIMEOUT, "anthropic", 0, "Request timed out"},
    {CODE, "NOT_FOUND", NO_STATUS, FAILURE_NOT_FOUND, "gemini", 0, "models/x is not found"},
    {CODE, "not_found_error", NO_STATUS, FAILURE_NOT_FOUND, "anthropic", 0, "model: x"},
    {CODE, "invalid_prompt", NO_STATUS, FAILURE_BAD_REQUEST, "openai", 0, "Invalid prompt"},
    {CODE, "invalid_request_error", NO_STATUS, FAILURE_BAD_REQUEST, NULL, 0, "Unsupported value"},
    {CODE, "BadRequestError", NO_STATUS, FAILURE_BAD_REQUEST, "vllm", 0, "Unsupported value"},
    {CODE, "INVALID_ARGUMENT", NO_STATUS, FAILURE_BAD_REQUEST, "gemini", 0, "Unknown name"},
    {CODE, "FAILED_PRECONDITION", NO_STATUS, FAILURE_BAD_REQUEST, "gemini", 0, "User location is not supported"},
    {CODE, "validation", NO_STATUS, FAILURE_BAD_REQUEST, "tgi", 0, "Input validation error"},

    /* Unusable output of the model. */
    {TEXT, "failed to call a function", REFUSED, FAILURE_MALFORMED, "groq", 400,
     "Failed to call a function. Please adjust your prompt. See 'failed_generation' for more details."},
    {TEXT, "tool call validation failed", REFUSED, FAILURE_MALFORMED, "groq", 400,
     "tool call validation failed: attempted to call tool 'x' which was not in request.tools"},
    {TEXT, "error parsing tool call", REFUSED, FAILURE_MALFORMED, "ollama", 500,
     "error parsing tool call: raw='{\"cmd\":}', err=invalid character '}' looking for beginning of value"},
    {TEXT, "failed to parse input at pos", REFUSED, FAILURE_MALFORMED, "llama.cpp", 500,
     "Failed to parse input at pos 12: </tool_call>"},
    {TEXT, "remaining in message header", REFUSED, FAILURE_MALFORMED, "vllm", 500,
     "unexpected tokens remaining in message header: Some(\"to=functions.exec\")"},
    {TEXT, "no valid tool call", REFUSED, FAILURE_MALFORMED, "cohere", 422, "No valid tool call or response generated"},
    {TEXT, "model produced invalid", REFUSED, FAILURE_MALFORMED, "openai", 500, "The model produced invalid content."},
    /* Request too large. */
    {TEXT, "request too large", REFUSED | BIT(RATE_LIMIT), FAILURE_TOO_LARGE, "openai", 429,
     "Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 30601. The input or output tokens "
     "must be reduced in order to run successfully."},
    {TEXT, "request body too large", REFUSED, FAILURE_TOO_LARGE, "github", 400, "Request body too large for gpt-4o"},
    {TEXT, "entity too large", REFUSED, FAILURE_TOO_LARGE, "github", 400, "Request Entity Too Large"},
    /* Context window exceeded. */
    {TEXT, "context length", REFUSED, FAILURE_CONTEXT, NULL, 400,
     "This model's maximum context length is 8192 tokens."},
    {TEXT, "context_length", REFUSED, FAILURE_CONTEXT, NULL, 400, "context_length_exceeded"},
    {TEXT, "context window", REFUSED, FAILURE_CONTEXT, "openai", 400,
     "Your input exceeds the context window of this model"},
    {TEXT, "context size", REFUSED, FAILURE_CONTEXT, "llama.cpp", 500,
     "the request exceeds the available context size"},
    {TEXT, "context limit", REFUSED, FAILURE_CONTEXT, "anthropic", 400,
     "input length and `max_tokens` exceed context limit: 170636 + 34048 > 200000"},
    {TEXT, "input token count", REFUSED, FAILURE_CONTEXT, "gemini", 400,
     "The input token count (1196265) exceeds the maximum number of tokens allowed (1048575)"},
    {TEXT, "maximum number of tokens", REFUSED, FAILURE_CONTEXT, NULL, 400, "over the maximum number of tokens"},
    {TEXT, "maximum number of input tokens", REFUSED, FAILURE_CONTEXT, "bedrock", 400,
     "The prompt is over the maximum number of input tokens"},
    {TEXT, "input tokens exceed", REFUSED, FAILURE_CONTEXT, "openai", 400,
     "Input tokens exceed the configured limit of 272000 tokens."},
    {TEXT, "prompt token count of", REFUSED, FAILURE_CONTEXT, "github", 400,
     "prompt token count of 135402 exceeds the limit of 128000"},
    {TEXT, "model token limit", REFUSED, FAILURE_CONTEXT, "moonshot", 400,
     "Invalid request: Your request exceeded model token limit: 262144 (requested: 269030)"},
    {TEXT, "max tokens allowed", REFUSED, FAILURE_CONTEXT, NULL, 400, "tokens in request more than max tokens allowed"},
    {TEXT, "maximum allowed input length", REFUSED, FAILURE_CONTEXT, "openrouter", 400,
     "Input length 131393 exceeds the maximum allowed input length of 131040 tokens."},
    {TEXT, "maximum input length is", REFUSED, FAILURE_CONTEXT, NULL, 400, "the maximum input length is 4096 tokens"},
    {TEXT, "range of input length", REFUSED, FAILURE_CONTEXT, "dashscope", 400,
     "Range of input length should be [1, 258048]"},
    {TEXT, "input token length too long", REFUSED, FAILURE_CONTEXT, "moonshot", 400, "Input token length too long"},
    {TEXT, "maximum prompt length", REFUSED, FAILURE_CONTEXT, "xai", 400,
     "This model's maximum prompt length is 131072 but the request contains 537812 tokens."},
    {TEXT, "prompt is too long", REFUSED, FAILURE_CONTEXT, "anthropic", 400,
     "prompt is too long: 213462 tokens > 200000 maximum"},
    {TEXT, "prompt too long", REFUSED, FAILURE_CONTEXT, NULL, 400,
     "Prompt too long: 5152 tokens exceeds max_seq_len 2048"},
    {TEXT, "prompt tokens too long", REFUSED, FAILURE_CONTEXT, "baidu", 400, "Prompt tokens too long"},
    {TEXT, "prompt exceeds max length", REFUSED, FAILURE_CONTEXT, "zai", 400, "Prompt exceeds max length"},
    {TEXT, "input is too long", REFUSED, FAILURE_CONTEXT, "bedrock", 400, "Input is too long for requested model."},
    {TEXT, "reduce the length of", REFUSED, FAILURE_CONTEXT, "groq", 400,
     "Please reduce the length of the messages or completion."},
    {TEXT, "while limit is", REFUSED, FAILURE_CONTEXT, "cerebras", 400,
     "Please reduce the messages. Current length is 9000 while limit is 8192"},
    {TEXT, "`inputs` must have less than", REFUSED, FAILURE_CONTEXT, "tgi", 422,
     "Input validation error: `inputs` must have less than 4096 tokens"},
    {TEXT, "`inputs` tokens + `max_new_tokens`", REFUSED, FAILURE_CONTEXT, "tgi", 422,
     "`inputs` tokens + `max_new_tokens` must be <= 4096"},
    /* Content policy. */
    {TEXT, "content management policy", BIT(BAD_REQUEST), FAILURE_CONTENT_FILTER, "azure", 400,
     "The response was filtered due to the prompt triggering Azure OpenAI's content management policy."},
    {TEXT, "content policy", BIT(BAD_REQUEST), FAILURE_CONTENT_FILTER, NULL, 400, "This violates our content policy"},
    {TEXT, "usage policy", BIT(BAD_REQUEST), FAILURE_CONTENT_FILTER, "openai", 400,
     "Invalid prompt: your prompt was flagged as potentially violating our usage policy."},
    {TEXT, "usage guidelines", DENIED, FAILURE_CONTENT_FILTER, "xai", 403, "Content violates usage guidelines."},
    {TEXT, "our safety system", BIT(BAD_REQUEST), FAILURE_CONTENT_FILTER, "openai", 400,
     "Your request was rejected as a result of our safety system."},
    {TEXT, "content exists risk", BIT(BAD_REQUEST), FAILURE_CONTENT_FILTER, "deepseek", 400, "Content Exists Risk"},
    {TEXT, "considered high risk", BIT(BAD_REQUEST), FAILURE_CONTENT_FILTER, "moonshot", 400,
     "The request was rejected because it was considered high risk"},
    {TEXT, "inappropriate content", BIT(BAD_REQUEST), FAILURE_CONTENT_FILTER, "dashscope", 400,
     "Input data may contain inappropriate content."},
    {TEXT, "new_sensitive", REFUSED, FAILURE_CONTENT_FILTER, "minimax", 0, "input new_sensitive"},
    {TEXT, "your input was flagged", DENIED, FAILURE_CONTENT_FILTER, "openrouter", 403,
     "openai/gpt-4 requires moderation on OpenAI. Your input was flagged for \"violence\"."},
    /* Not supported by the model. */
    {TEXT, "does not support tools", BIT(BAD_REQUEST), FAILURE_UNSUPPORTED, "ollama", 400,
     "registry.ollama.ai/library/x does not support tools"},
    {TEXT, "does not support function", BIT(BAD_REQUEST), FAILURE_UNSUPPORTED, NULL, 400,
     "This model does not support function calling"},
    {TEXT, "no endpoints found that", BIT(NOT_FOUND), FAILURE_UNSUPPORTED, "openrouter", 404,
     "No endpoints found that support tool use."},
    {TEXT, "provider returned error", BIT(BAD_REQUEST), FAILURE_UNSUPPORTED, "openrouter", 400,
     "Provider returned error"}, /* unspecified: the next deployment may succeed */
    /* Invalid key. */
    {TEXT, "api key not valid", BIT(BAD_REQUEST), FAILURE_AUTH, "gemini", 400, "API key not valid."},
    {TEXT, "api key expired", BIT(BAD_REQUEST), FAILURE_AUTH, "gemini", 400,
     "API key expired. Please renew the API key."},
    {TEXT, "invalid api key", BIT(BAD_REQUEST), FAILURE_AUTH, NULL, 400, "Invalid API key"},
    {TEXT, "incorrect api key", BIT(BAD_REQUEST), FAILURE_AUTH, "xai", 400, "Incorrect API key provided: xa***er."},
    /* Unknown model. */
    {TEXT, "is not a valid model", BIT(BAD_REQUEST), FAILURE_NOT_FOUND, "openrouter", 400,
     "x/y is not a valid model ID"},
    /* Quota or credit used up. */
    {TEXT, "credit balance", UNPAID, FAILURE_QUOTA, "anthropic", 400, "Your credit balance is too low"},
    {TEXT, "included credits", UNPAID, FAILURE_QUOTA, "huggingface", 403,
     "You have exceeded your monthly included credits"},
    {TEXT, "available credits", UNPAID, FAILURE_QUOTA, "xai", 403,
     "Your team has either used all available credits or reached its monthly spending limit."},
    {TEXT, "out of credits", UNPAID, FAILURE_QUOTA, "xai", 403, "You have run out of credits"},
    {TEXT, "insufficient credits", UNPAID, FAILURE_QUOTA, "openrouter", 0, "Insufficient credits. Add more"},
    {TEXT, "insufficient balance", UNPAID, FAILURE_QUOTA, "minimax", 0, "insufficient balance"},
    {TEXT, "insufficient account balance", UNPAID, FAILURE_QUOTA, NULL, 403, "Insufficient account balance"},
    {TEXT, "balance is insufficient", UNPAID, FAILURE_QUOTA, "siliconflow", 403,
     "Sorry, your account balance is insufficient"},
    {TEXT, "credits are depleted", UNPAID, FAILURE_QUOTA, "gemini", 429, "Your prepayment credits are depleted."},
    {TEXT, "reached your usage limit", UNPAID, FAILURE_QUOTA, "moonshot", 403,
     "You've reached your usage limit for this billing cycle"},
    {TEXT, "free-models-per-day", BIT(RATE_LIMIT), FAILURE_QUOTA, "openrouter", 429,
     "Rate limit exceeded: free-models-per-day"},
    {TEXT, "free usage exceeded", UNPAID, FAILURE_QUOTA, "opencode", 429, "Free usage exceeded, add credits"},
    {TEXT, "free allocated quota exceeded", UNPAID, FAILURE_QUOTA, "dashscope", 429, "Free allocated quota exceeded."},
    {TEXT, "current quota", BIT(RATE_LIMIT), FAILURE_QUOTA, "gemini", 429, "You exceeded your current quota"},
    {TEXT, "\u6b20\u8d39", UNPAID, FAILURE_QUOTA, "zai", 429, "\u60a8\u7684\u8d26\u6237\u5df2\u6b20\u8d39"},
    {TEXT, "\u4f59\u989d\u4e0d\u8db3", UNPAID, FAILURE_QUOTA, "zai", 403, "\u8d26\u6237\u4f59\u989d\u4e0d\u8db3"},
    /* Without a status. */
    {TEXT, "rate limit", NO_STATUS, FAILURE_RATE_LIMIT, NULL, 0, "Rate limit exceeded"},
    {TEXT, "too many requests", NO_STATUS, FAILURE_RATE_LIMIT, NULL, 0, "Too many requests, please wait"},
    {TEXT, "overloaded", NO_STATUS, FAILURE_OVERLOADED, NULL, 0, "The server is overloaded"},
};

const struct failure_pattern *failure_patterns(unsigned table, size_t *count)
{
    *count = table == 0 ? sizeof PATTERNS / sizeof *PATTERNS : 0;
    return table == 0 ? PATTERNS : table == 1 ? refusal_patterns(count) : NULL;
}

const char *failure_pattern_name(const struct failure_pattern *w)
{
    return w->name ? w->name : *w->text ? w->text : "no message";
}
