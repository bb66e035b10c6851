/* pure. The known keys of model_list: as in keys.c. */
#include "proxy/config/key_rows.h"

#define PRICE(SECTION, NAME, FIELD, INITIAL, DOC) RANGED(SECTION, NUMBER, NAME, 0, 1, FIELD, INITIAL, DOC)
#define PRICES(SECTION, NAME, FIELD, DOC) RANGED(SECTION, NUMBERS, NAME, 0, 1, FIELD, "", DOC)

#define BELOW "(the lower range's)"
#define IN_INFO "As in `model_info`, which wins."
/* Keys of LiteLLM's price list that affect cost but are not supported. */
#define PRICE_WARNINGS(SECTION)                                                                                   \
    WARNS(SECTION,                                                                                                \
          "input_cost_per_token_*priority cache_read_input_token_cost_*priority output_cost_per_token_*priority " \
          "input_cost_per_token_*flex cache_read_input_token_cost_*flex output_cost_per_token_*flex "             \
          "cache_creation_input_token_cost_*priority cache_creation_input_token_cost_*flex",                      \
          "calls are priced at the default service tier"),                                                        \
        WARNS(SECTION, "cache_creation_input_token_cost_above_1hr cache_creation_input_token_cost_above_12hr",    \
              "cache writes are priced at the provider's shortest lifetime"),                                     \
        WARNS(SECTION,                                                                                            \
              "input_cost_per_request input_cost_per_second output_cost_per_second* *_cost_per_query "            \
              "*_cost_per_session",                                                                               \
              "only tokens are priced"),                                                                          \
        WARNS(SECTION, "off_peak_pricing", "prices do not depend on the time of day")

const struct schema_row CONFIG_MODEL_KEYS[] = {
    USED(ENTRY, TEXT, "model_name", alias, "", "The alias that clients request; with a `*` see Wildcards. Required."),
    USED(ENTRY, MAPPING, "litellm_params", params, "", "How to reach the model. Required."),
    USED(ENTRY, MAPPING, "model_info", info, "", "Properties of the model."),

    USED(PARAMS, TEXT, "model", model, "",
         "`provider/name`; a name without a known provider is OpenAI's. Required. For a `*` see Wildcards."),
    USED(PARAMS, TEXT, "api_base", api_base, "(the provider's)",
         "Base URL, to which `/chat/completions` and `/responses` are appended."),
    USED(PARAMS, TEXT, "base_url", api_base, "", "Alias of `api_base`."),
    USED(PARAMS, SECRET, "api_key", api_key, "(the provider's variable)",
         "The provider key; write it as `os.environ/NAME`."),
    RANGED(PARAMS, INT, "order", -1e6, 1e6, deployment.order, "(last)",
           "Deployments with a lower value are tried first."),
    RANGED(PARAMS, NUMBER, "weight", 0, 1e9, deployment.weight, "1",
           "Traffic share among deployments with the same `order`; 0: used only after all others failed."),
    RANGED(PARAMS, COUNT, "rpm", 0, MANY, deployment.rpm, "0", "Rate limit, requests per minute; 0: none."),
    RANGED(PARAMS, COUNT, "tpm", 0, MANY, deployment.tpm, "0", "Rate limit, tokens per minute; 0: none."),
    RANGED(PARAMS, COUNT, "max_parallel_requests", 0, MANY, deployment.max_in_flight, "0",
           "Concurrent calls; further calls go to other deployments. 0: no limit."),
    RANGED(PARAMS, SECONDS, "timeout", 0, DAY, deployment.timeout_ms, "(`router_settings.timeout`)",
           "Limit for a whole call, or for silence within a stream; 0: none."),
    RANGED(PARAMS, SECONDS, "stream_timeout", 0, DAY, deployment.stream_timeout_ms,
           "(`router_settings.stream_timeout`)", "Limit until the first content of a stream; 0: none."),
    USED(PARAMS, BOOL, "use_chat_completions_api", chat_only, "false",
         "The server has no `/responses`: translate requests to `/chat/completions`."),
    USED(PARAMS, BOOL, "fake_stream", fake_stream, "false",
         "The server has no streams: ask it for whole replies, and make the clients' streams of these."),
    USED(
        PARAMS, TEXT, "instructions", instructions, "(the client's)",
        "`codex-oauth/` only: text sent as `instructions`; the client's instructions move into the input. Not in LiteLLM."),
    USED(PARAMS, TEXT, "originator", originator, "pointsman",
         "`codex-oauth/` only: value of the `originator` header. Not in LiteLLM."),
    PRICE(PARAMS, "input_cost_per_token", deployment.price.input, "(known)", IN_INFO),
    PRICE(PARAMS, "cache_read_input_token_cost", deployment.price.cached_input, "(known)", IN_INFO),
    PRICE(PARAMS, "cache_creation_input_token_cost", deployment.price.cache_write, "(known)", IN_INFO),
    PRICE(PARAMS, "output_cost_per_token", deployment.price.output, "(known)", IN_INFO),
    PRICE(PARAMS, "output_cost_per_reasoning_token", deployment.price.reasoning, "(known)", IN_INFO),
    PRICES(PARAMS, "input_cost_per_token_above_*_tokens", input_above, IN_INFO),
    PRICES(PARAMS, "cache_read_input_token_cost_above_*_tokens", cached_above, IN_INFO),
    PRICES(PARAMS, "cache_creation_input_token_cost_above_*_tokens", cache_write_above, IN_INFO),
    PRICES(PARAMS, "output_cost_per_token_above_*_tokens", output_above, IN_INFO),
    USED(PARAMS, LIST, "tiered_pricing", tiered_pricing, "", IN_INFO),
    USED(PARAMS, TEXT, "base_model", base_model, "", IN_INFO),
    RANGED(PARAMS, NUMBER, "cost_discount", 0, 1, deployment.cost_discount, "", IN_INFO),
    RANGED(PARAMS, INT, "num_retries", 0, 100, deployment.num_retries, "(`router_settings.num_retries`)",
           "Further attempts after a failure of this deployment, each on another one."),
    HARMLESS(PARAMS, "drop_params max_retries use_in_pass_through stream litellm_trace_id "
                     "cache_control_injection_points supports_* tags merge_reasoning_content_in_choices "
                     "allowed_openai_params model_info"),
    WARNS(PARAMS, "organization project headers extra_headers default_headers", "no headers are added to calls"),
    WARNS(PARAMS,
          "temperature top_p top_k max_tokens max_completion_tokens reasoning_effort thinking seed stop "
          "presence_penalty frequency_penalty extra_body provider think keep_alive num_ctx response_format "
          "additional_drop_params mock_response",
          "requests are sent as the client wrote them"),
    WARNS(
        PARAMS, "max_budget budget_duration",
        "cost limits are per group or global: router_settings.model_group_max_cost_usd, general_settings.max_cost_usd"),
    WARNS(PARAMS, "default_api_key_*", "this limit is not enforced"),
    WARNS(PARAMS, "custom_llm_provider", "put the provider before the model name: provider/name"),
    WARNS(PARAMS, "litellm_credential_name", "use api_key: os.environ/NAME"),
    WARNS(PARAMS, "api_version api_type azure_* aws_* vertex_* region_name", "this kind of provider is not supported"),

    USED(INFO, LABEL, "id", id, "(`alias/provider/n`)", "The deployment's name in the request log and status."),
    PRICE(INFO, "input_cost_per_token", deployment.price.input, "(that of the known model)", "USD per prompt token."),
    PRICE(INFO, "cache_read_input_token_cost", deployment.price.cached_input, "(`input_cost_per_token`)",
          "USD per prompt token read from the provider's cache."),
    PRICE(INFO, "cache_creation_input_token_cost", deployment.price.cache_write, "(`input_cost_per_token`)",
          "USD per prompt token written to the provider's cache."),
    PRICE(INFO, "output_cost_per_token", deployment.price.output, "(that of the known model)", "USD per reply token."),
    PRICE(INFO, "output_cost_per_reasoning_token", deployment.price.reasoning, "(`output_cost_per_token`)",
          "USD per reasoning token."),
    PRICES(
        INFO, "input_cost_per_token_above_*_tokens", input_above,
        "`…_above_200k_tokens`: USD for every prompt token of a call with more than 200,000 prompt tokens; other numbers "
        "work alike."),
    PRICES(INFO, "cache_read_input_token_cost_above_*_tokens", cached_above, "The same for cached tokens."),
    PRICES(INFO, "cache_creation_input_token_cost_above_*_tokens", cache_write_above, "The same for cache writes."),
    PRICES(INFO, "output_cost_per_token_above_*_tokens", output_above, "The same for reply tokens."),
    USED(INFO, LIST, "tiered_pricing", tiered_pricing, "",
         "The same prices as a list of ranges; see `model_info.tiered_pricing[]`."),
    RANGED(INFO, COUNT, "max_input_tokens", 0, MANY, deployment.max_input_tokens, "(that of the known model)",
           "Context window, tokens; 0: unknown."),
    RANGED(
        INFO, COUNT, "context_length", 0, MANY, deployment.context_length, "0",
        "Limit on the context window, tokens, for an alias that is to stay below the model's; 0: none. Not in LiteLLM."),
    USED(INFO, TEXT, "base_model", base_model, "(`litellm_params.model`)",
         "The known model whose prices, window and abilities this one has, on any server; see [prices](prices.md)."),
    RANGED(INFO, NUMBER, "cost_discount", 0, 1, deployment.cost_discount, "(`litellm_settings.cost_discount_config`)",
           "Part taken off all prices of this deployment. Not in LiteLLM."),
    USED(INFO, BOOL, "supports_function_calling", tools, "true", "false: requests with tools go to other deployments."),
    USED(INFO, BOOL, "supports_vision", images, "true", "false: requests with images go to other deployments."),
    USED(INFO, BOOL, "supports_response_schema", format, "true",
         "false: requests for structured output go to other deployments."),
    USED(INFO, BOOL, "supports_native_streaming", native_streaming, "true", "false: like `fake_stream: true`."),
    RANGED(INFO, NUMBER, "quality", 0, 100, deployment.quality, "(unknown)",
           "Quality of its answers, by your own measure. Not in LiteLLM."),
    RANGED(INFO, NUMBER, "expected_ttft_ms", 0, 3.6e6, deployment.expected_ttft_ms, "0",
           "Expected milliseconds to the first token, until measured; 0: unknown. Not in LiteLLM."),
    RANGED(INFO, NUMBER, "expected_tokens_per_second", 0, 1e6, deployment.expected_tokens_per_second, "0",
           "Expected speed after the first token, until measured; 0: unknown. Not in LiteLLM."),
    USED(INFO, TEXT, "requires_env", requires_env, "",
         "Ready only if this environment variable is not empty. Not in LiteLLM."),
    USED(INFO, BOOL, "strict", strict, "(names in `-direct`)",
         "Direct alias: one deployment, no fallback, provider errors passed through. Not in LiteLLM."),
    PRICE_WARNINGS(PARAMS),
    PRICE_WARNINGS(INFO),
    HARMLESS(INFO, "mode max_tokens max_output_tokens supports_* description metadata access_groups tier "
                   "version litellm_provider health_check_* db_model created_* updated_* team_* "
                   "input_cost_* output_cost_* cache_* supported_* deprecation_date source tags"),

    USED(TIER, LIST, "range", range, "",
         "`[from, to]`: prompts with more than `from` tokens. Required. The highest range is open-ended."),
    PRICE(TIER, "input_cost_per_token", price.input, BELOW, "USD per prompt token."),
    PRICE(TIER, "cache_read_input_token_cost", price.cached_input, BELOW,
          "USD per prompt token read from the provider's cache."),
    PRICE(TIER, "cache_creation_input_token_cost", price.cache_write, BELOW,
          "USD per prompt token written to the provider's cache."),
    PRICE(TIER, "output_cost_per_token", price.output, BELOW, "USD per reply token."),
    PRICE(TIER, "output_cost_per_reasoning_token", price.reasoning, BELOW, "USD per reasoning token."),
    PRICE_WARNINGS(TIER),
    HARMLESS(TIER, "max_results_range"),
    {0},
};
