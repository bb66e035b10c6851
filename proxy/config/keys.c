/* pure. The keys of LiteLLM's config.yaml that are known: type, range, default, meaning, and where the value is stored.
 */
#include "proxy/config/private.h"

#include <stddef.h>

#define DAY 86400.0
#define MANY SCHEMA_ENDLESS

/* What each section's values are stored in. */
#define FILE_STRUCT config_settings
#define ENTRY_STRUCT deployment_source
#define PARAMS_STRUCT deployment_source
#define INFO_STRUCT deployment_source
#define TIER_STRUCT tier_source
#define ROUTER_STRUCT config_settings
#define RETRIES_STRUCT policy_source
#define ALLOWED_STRUCT policy_source
#define LITELLM_STRUCT config_settings
#define GENERAL_STRUCT config_settings
#define STRATEGY_STRUCT strategy_settings

#define RANGED(SECTION, TYPE, NAME, MIN, MAX, FIELD, INITIAL, DOC) \
    {.section = SECTION_##SECTION,                                 \
     .type = SCHEMA_##TYPE,                                        \
     .name = NAME,                                                 \
     .min = MIN,                                                   \
     .max = MAX,                                                   \
     .offset = offsetof(struct SECTION##_STRUCT, FIELD),           \
     .initial = {INITIAL},                                         \
     .doc = DOC}
#define USED(SECTION, TYPE, NAME, FIELD, INITIAL, DOC) RANGED(SECTION, TYPE, NAME, 0, 0, FIELD, INITIAL, DOC)
#define WARNS(SECTION, NAMES, DOC) {.section = SECTION_##SECTION, .use = SCHEMA_WARNS, .name = NAMES, .doc = DOC}
#define PRICE(SECTION, NAME, FIELD, INITIAL, DOC) RANGED(SECTION, NUMBER, NAME, 0, 1, FIELD, INITIAL, DOC)
#define PRICES(SECTION, NAME, FIELD, DOC) RANGED(SECTION, NUMBERS, NAME, 0, 1, FIELD, "", DOC)
#define HARMLESS(SECTION, NAMES) {.section = SECTION_##SECTION, .use = SCHEMA_HARMLESS, .name = NAMES}

#define BELOW "(the lower range's)"
#define IN_INFO "As in `model_info`, which wins."
/* Keys of LiteLLM's price list that change what a call costs, and are not priced. */
#define PRICE_WARNINGS(SECTION)                                                                                   \
    WARNS(SECTION,                                                                                                \
          "input_cost_per_token_*priority cache_read_input_token_cost_*priority output_cost_per_token_*priority " \
          "input_cost_per_token_*flex cache_read_input_token_cost_*flex output_cost_per_token_*flex",             \
          "calls are priced as of the usual service tier"),                                                       \
        WARNS(SECTION, "cache_creation_input_token_cost*",                                                        \
              "tokens that a provider writes to its cache are priced as input"),                                  \
        WARNS(SECTION,                                                                                            \
              "input_cost_per_request input_cost_per_second output_cost_per_second* *_cost_per_query "            \
              "*_cost_per_session",                                                                               \
              "only tokens are priced"),                                                                          \
        WARNS(SECTION, "off_peak_pricing", "prices are the same at all hours")

static const struct schema_row KEYS[] = {
    USED(FILE, LIST, "model_list", model_list, "", "The deployments; entries of one `model_name` form a group."),
    USED(FILE, MAPPING, "router_settings", router, "", "Retries, cooldowns, fallbacks."),
    USED(FILE, MAPPING, "litellm_settings", litellm, "", "The same, where LiteLLM keeps them too."),
    USED(FILE, MAPPING, "general_settings", general, "", "The master key."),
    WARNS(FILE, "environment_variables", "variables come from the process's own environment only"),
    WARNS(FILE, "include", "no other file is read"),
    WARNS(FILE,
          "guardrails mcp_servers credential_list vector_store_registry search_tools prompts policies "
          "assistant_settings finetune_settings files_settings callback_settings mcp_tools",
          "this part of LiteLLM is not here"),

    USED(ENTRY, TEXT, "model_name", alias, "", "The alias that clients ask for. Required."),
    USED(ENTRY, MAPPING, "litellm_params", params, "", "How to reach the model. Required."),
    USED(ENTRY, MAPPING, "model_info", info, "", "What is known of the model."),

    USED(PARAMS, TEXT, "model", model, "", "`provider/name`; a name without a known provider is OpenAI's. Required."),
    USED(PARAMS, TEXT, "api_base", api_base, "(the provider's)",
         "The URL that `/chat/completions` and `/responses` are appended to."),
    USED(PARAMS, TEXT, "base_url", api_base, "", "Another name of `api_base`."),
    USED(PARAMS, SECRET, "api_key", api_key, "(the provider's variable)",
         "The provider's key, best as `os.environ/NAME`."),
    RANGED(PARAMS, INT, "order", -1e6, 1e6, deployment.order, "(last)", "Lower ones of a group are tried first."),
    RANGED(PARAMS, NUMBER, "weight", 0, 1e9, deployment.weight, "1",
           "Share of the calls among those of the same `order`; 0: only when the others failed."),
    RANGED(PARAMS, COUNT, "rpm", 0, MANY, deployment.rpm, "0", "Requests per minute that the provider allows."),
    RANGED(PARAMS, COUNT, "tpm", 0, MANY, deployment.tpm, "0", "Tokens per minute that the provider allows."),
    RANGED(PARAMS, COUNT, "max_parallel_requests", 0, MANY, deployment.max_in_flight, "0",
           "Calls at once; the next goes to another deployment meanwhile. 0: no limit."),
    RANGED(PARAMS, SECONDS, "timeout", 0, DAY, deployment.timeout_ms, "(`router_settings.timeout`)",
           "For a whole call, or for silence within a stream; 0: none."),
    RANGED(PARAMS, SECONDS, "stream_timeout", 0, DAY, deployment.stream_timeout_ms,
           "(`router_settings.stream_timeout`)", "Up to the first content of a stream; 0: none."),
    USED(PARAMS, BOOL, "use_chat_completions_api", chat_only, "false",
         "The server has no `/responses`; calls are translated to `/chat/completions`."),
    USED(PARAMS, TEXT, "instructions", instructions, "(the client's)",
         "Of `codex-oauth/` alone: text sent as `instructions`; the client's own go into the input. Not in LiteLLM."),
    USED(PARAMS, TEXT, "originator", originator, "pointsman",
         "Of `codex-oauth/` alone: the header of that name. Not in LiteLLM."),
    PRICE(PARAMS, "input_cost_per_token", deployment.price.input, "(unknown)", IN_INFO),
    PRICE(PARAMS, "cache_read_input_token_cost", deployment.price.cached_input, "(unknown)", IN_INFO),
    PRICE(PARAMS, "output_cost_per_token", deployment.price.output, "(unknown)", IN_INFO),
    PRICE(PARAMS, "output_cost_per_reasoning_token", deployment.price.reasoning, "(unknown)", IN_INFO),
    PRICES(PARAMS, "input_cost_per_token_above_*_tokens", input_above, IN_INFO),
    PRICES(PARAMS, "cache_read_input_token_cost_above_*_tokens", cached_above, IN_INFO),
    PRICES(PARAMS, "output_cost_per_token_above_*_tokens", output_above, IN_INFO),
    USED(PARAMS, LIST, "tiered_pricing", tiered_pricing, "", IN_INFO),
    RANGED(PARAMS, INT, "num_retries", 0, 100, deployment.num_retries, "(`router_settings.num_retries`)",
           "Further attempts, each on another deployment, after a failure of this one."),
    HARMLESS(PARAMS, "drop_params max_retries use_in_pass_through stream litellm_trace_id "
                     "cache_control_injection_points supports_* tags merge_reasoning_content_in_choices "
                     "allowed_openai_params model_info"),
    WARNS(PARAMS, "organization project headers extra_headers default_headers",
          "no headers are added to provider calls"),
    WARNS(PARAMS,
          "temperature top_p top_k max_tokens max_completion_tokens reasoning_effort thinking seed stop "
          "presence_penalty frequency_penalty extra_body provider think keep_alive num_ctx response_format "
          "additional_drop_params mock_response",
          "requests go out as the client wrote them"),
    WARNS(PARAMS, "max_budget budget_duration",
          "limits are of groups and of all: router_settings.model_group_max_cost_usd, general_settings.max_cost_usd"),
    WARNS(PARAMS, "default_api_key_*", "this limit is not enforced"),
    WARNS(PARAMS, "custom_llm_provider", "write the provider in front of the model's name"),
    WARNS(PARAMS, "litellm_credential_name", "use api_key: os.environ/NAME"),
    WARNS(PARAMS, "api_version api_type azure_* aws_* vertex_* region_name", "this kind of provider is not here"),

    USED(INFO, LABEL, "id", id, "(`alias/provider/n`)", "The deployment's name in journal and status."),
    PRICE(INFO, "input_cost_per_token", deployment.price.input, "(unknown)", "USD for one prompt token."),
    PRICE(INFO, "cache_read_input_token_cost", deployment.price.cached_input, "(`input_cost_per_token`)",
          "USD for one prompt token that came from the provider's cache."),
    PRICE(INFO, "output_cost_per_token", deployment.price.output, "(unknown)", "USD for one token of the reply."),
    PRICE(INFO, "output_cost_per_reasoning_token", deployment.price.reasoning, "(`output_cost_per_token`)",
          "USD for one token of the reply that is reasoning."),
    PRICES(
        INFO, "input_cost_per_token_above_*_tokens", input_above,
        "`…_above_200k_tokens`: the price of every prompt token of a call whose prompt has more tokens than that; other "
        "numbers likewise."),
    PRICES(INFO, "cache_read_input_token_cost_above_*_tokens", cached_above, "The same for cached tokens."),
    PRICES(INFO, "output_cost_per_token_above_*_tokens", output_above, "The same for tokens of the reply."),
    USED(INFO, LIST, "tiered_pricing", tiered_pricing, "",
         "The same as a list of ranges; see `model_info.tiered_pricing[]`."),
    RANGED(INFO, COUNT, "max_input_tokens", 0, MANY, deployment.max_input_tokens, "0",
           "The context window; 0: unknown."),
    USED(INFO, BOOL, "supports_function_calling", tools, "true", "false: requests with tools go to others."),
    USED(INFO, BOOL, "supports_vision", images, "true", "false: requests with images go to others."),
    USED(INFO, BOOL, "supports_response_schema", format, "true",
         "false: requests that prescribe the shape of the answer go to others."),
    RANGED(INFO, NUMBER, "quality", 0, 100, deployment.quality, "(unknown)",
           "How good its answers are, by your own measure. Not in LiteLLM."),
    RANGED(INFO, NUMBER, "expected_ttft_ms", 0, 3.6e6, deployment.expected_ttft_ms, "0",
           "Milliseconds to the first token, until calls have shown it; 0: unknown. Not in LiteLLM."),
    RANGED(INFO, NUMBER, "expected_tokens_per_second", 0, 1e6, deployment.expected_tokens_per_second, "0",
           "Speed after the first token, until calls have shown it; 0: unknown. Not in LiteLLM."),
    USED(INFO, TEXT, "requires_env", requires_env, "",
         "Only ready while this variable is set and not empty. Not in LiteLLM."),
    USED(INFO, BOOL, "strict", strict, "(names in `-direct`)",
         "A probe: one deployment, no fallback, its errors shown as they are. Not in LiteLLM."),
    PRICE_WARNINGS(PARAMS),
    PRICE_WARNINGS(INFO),
    HARMLESS(INFO, "mode base_model max_tokens max_output_tokens supports_* description metadata access_groups tier "
                   "version litellm_provider health_check_* db_model created_* updated_* team_* "
                   "input_cost_* output_cost_* cache_* supported_* deprecation_date source tags"),

    USED(TIER, LIST, "range", range, "",
         "`[from, to]`: prompts of more than `from` tokens. Required; the highest range has no end."),
    PRICE(TIER, "input_cost_per_token", price.input, BELOW, "USD for one prompt token."),
    PRICE(TIER, "cache_read_input_token_cost", price.cached_input, BELOW, "USD for one prompt token from the cache."),
    PRICE(TIER, "output_cost_per_token", price.output, BELOW, "USD for one token of the reply."),
    PRICE(TIER, "output_cost_per_reasoning_token", price.reasoning, BELOW,
          "USD for one token of the reply that is reasoning."),
    PRICE_WARNINGS(TIER),
    HARMLESS(TIER, "max_results_range"),

    USED(ROUTER, TEXT, "routing_strategy", routing_strategy, "simple-shuffle",
         "How deployments of the same `order` are put in order: simple-shuffle, expected-cost or risk-adjusted; "
         "see [routing](routing.md)."),
    USED(ROUTER, TEXT, "risk_router_strategy", risk_strategy, "expected-cost",
         "The same at the risk router's port (`--risk-port`). Not in LiteLLM."),
    RANGED(ROUTER, INT, "num_retries", 0, 100, config.num_retries, "2",
           "Further attempts after the first, each on another deployment."),
    RANGED(ROUTER, SECONDS, "timeout", 0, DAY, config.timeout_ms, "600",
           "For a whole call, or for silence within a stream; 0: none."),
    RANGED(ROUTER, SECONDS, "stream_timeout", 0, DAY, config.stream_timeout_ms, "(`timeout`)",
           "Up to the first content of a stream; 0: none."),
    RANGED(
        ROUTER, SECONDS, "connect_timeout", 0.1, 3600, config.connect_timeout_ms, "10",
        "For a server to show that it is alive: name look-up, connection and TLS handshake. A server without TLS that "
        "has not begun its reply by then is asked `HEAD /`, and has as long again. Not in LiteLLM."),
    RANGED(ROUTER, SECONDS, "cooldown_time", 0, DAY, config.cooldown_ms, "5",
           "How long a deployment rests after a failure that has no time of its own."),
    RANGED(ROUTER, INT, "allowed_fails", 0, 1e6, config.allowed_fails, "3",
           "Failures in a row that are forgiven before a rest."),
    USED(ROUTER, MAPPING, "allowed_fails_policy", allowed_fails_policy, "",
         "In place of `allowed_fails`, by the kind of failure; see [routing](routing.md)."),
    USED(
        ROUTER, BOOL, "keep_state", config.keep_state, "false",
        "What is known of the deployments (rests, breakers, averages) is kept in `$CODEX_HOME/logs/dispatch-state.json` from "
        "one start to the next. Not in LiteLLM."),
    USED(ROUTER, BOOL, "disable_cooldowns", config.no_cooldowns, "false", "No failure makes a deployment rest."),
    USED(
        ROUTER, BOOL, "hold_streams", config.hold_streams, "false",
        "A stream is given out once it is whole, so that another deployment can answer when one breaks off. Not in LiteLLM."),
    USED(ROUTER, MAPPING, "retry_policy", retry_policy, "",
         "In place of `num_retries`, by the kind of failure; see [routing](routing.md)."),
    USED(ROUTER, MAPPING, "model_group_retry_policy", group_retry_policy, "",
         "`alias: {…}`: the same for one group; what stands there wins."),
    USED(ROUTER, LIST, "fallbacks", fallbacks[FALLBACK_ANY][FROM_ROUTER], "",
         "`- alias: [other, …]`: groups to go to when this one is used up; theirs are not followed."),
    USED(
        ROUTER, LIST, "context_window_fallbacks", fallbacks[FALLBACK_CONTEXT][FROM_ROUTER], "",
        "The same for a prompt that no deployment of the group has room for; without them it goes to those of `fallbacks` "
        "whose window is larger."),
    USED(ROUTER, LIST, "content_policy_fallbacks", fallbacks[FALLBACK_CONTENT][FROM_ROUTER], "",
         "The same for a prompt that a provider's policy refuses; without them the client is told."),
    RANGED(ROUTER, INT, "max_fallbacks", 0, 100, max_fallbacks, "(all)",
           "How many groups of a list of fallbacks count."),
    USED(ROUTER, LIST, "default_fallbacks", default_fallbacks[FROM_ROUTER], "",
         "For groups without fallbacks of their own."),
    USED(ROUTER, MAPPING, "model_group_max_cost_usd", group_max_cost, "",
         "`alias: USD`: what the calls of one group may cost, as `general_settings.max_cost_usd`. Not in LiteLLM."),
    USED(ROUTER, MAPPING, "adaptive_router", adaptive_router, "(off)",
         "Learns from what calls come to, and suggests or makes another order; see below and "
         "[adaptive.md](adaptive.md). Not in LiteLLM."),
    RANGED(
        ROUTER, INT, "hedge_after_ms", 0, 6e5, config.hedge_after_ms, "0",
        "Milliseconds without a first token of a stream, after which the plan's next deployment is asked too; 0: never. "
        "Not in LiteLLM."),
    RANGED(ROUTER, NUMBER, "hedge_max_cost_usd", 0, 1e6, config.hedge_max_cost_usd, "0",
           "What that second call may cost by its estimate; 0: only what is free. Not in LiteLLM."),
    USED(ROUTER, MAPPING, "model_group_alias", group_alias, "", "`other name: alias`."),
    USED(
        ROUTER, MAPPING, "model_group_quality", group_quality, "",
        "`alias: quality`: what `model_info.quality` a deployment must have to serve the alias, unless it declares none. "
        "Not in LiteLLM."),
    USED(ROUTER, MAPPING, "routing_strategy_args", strategy_args, "", "Settings of the strategy, see below."),
    HARMLESS(ROUTER, "set_verbose debug_level client_ttl ignore_invalid_deployments polling_interval "
                     "enable_health_check_routing health_check_*"),
    WARNS(ROUTER, "retry_after", "nothing is waited for between a failure and the next deployment"),
    WARNS(ROUTER, "enable_weighted_failover", "the order follows `order` and `weight`"),
    WARNS(ROUTER, "redis_* cache_responses cache_kwargs caching_groups", "state is kept in memory"),
    WARNS(ROUTER,
          "enable_pre_call_checks optional_pre_call_checks deployment_affinity_* model_group_affinity_config "
          "enable_tag_filtering tag_filtering_match_any routing_groups provider_budget_config "
          "default_litellm_params default_max_parallel_requests default_priority alerting_config "
          "router_general_settings",
          "this part of LiteLLM's router is not here"),

    RANGED(RETRIES, INT, "AuthenticationErrorRetries", 0, 100, auth, "", "After a 401 or 403."),
    RANGED(RETRIES, INT, "TimeoutErrorRetries", 0, 100, timeout, "", "After a time limit, or a 408."),
    RANGED(RETRIES, INT, "RateLimitErrorRetries", 0, 100, rate_limit, "",
           "After a 429, but for a quota that is used up."),
    RANGED(RETRIES, INT, "BadRequestErrorRetries", 0, 100, bad_request, "(0)",
           "After a request that was refused as such."),
    RANGED(RETRIES, INT, "ContentPolicyViolationErrorRetries", 0, 100, content_policy, "(0)",
           "After a prompt that a provider's policy refused."),
    RANGED(RETRIES, INT, "InternalServerErrorRetries", 0, 100, internal, "",
           "After a 5xx, a refused or broken connection, or a reply that is none."),

    RANGED(ALLOWED, INT, "AuthenticationErrorAllowedFails", 0, 1e6, auth, "(0)", "Of 401 and 403."),
    RANGED(ALLOWED, INT, "TimeoutErrorAllowedFails", 0, 1e6, timeout, "", "Of time limits and 408."),
    RANGED(ALLOWED, INT, "RateLimitErrorAllowedFails", 0, 1e6, rate_limit, "(0)",
           "Of 429, but for a quota that is used up; a provider's `Retry-After` comes before it."),
    RANGED(ALLOWED, INT, "InternalServerErrorAllowedFails", 0, 1e6, internal, "",
           "Of 5xx, connections that are refused or break, and replies that are none."),
    WARNS(ALLOWED, "BadRequestErrorAllowedFails ContentPolicyViolationErrorAllowedFails",
          "a request that is refused says nothing about the deployment, which never rests for it"),

    RANGED(LITELLM, NUMBER, "max_budget", 0, 1e9, config.max_cost_usd, "(none)",
           "LiteLLM's name of `general_settings.max_cost_usd`, which wins."),
    WARNS(LITELLM, "budget_duration", "a limit is for as long as the proxy runs, and begins anew with it"),
    RANGED(LITELLM, INT, "num_retries", 0, 100, config.num_retries, "", "As in `router_settings`, which wins."),
    RANGED(LITELLM, SECONDS, "request_timeout", 0, DAY, config.timeout_ms, "",
           "As `router_settings.timeout`, which wins."),
    RANGED(LITELLM, INT, "allowed_fails", 0, 1e6, config.allowed_fails, "", "As in `router_settings`, which wins."),
    RANGED(LITELLM, SECONDS, "cooldown_time", 0, DAY, config.cooldown_ms, "", "As in `router_settings`, which wins."),
    USED(LITELLM, LIST, "fallbacks", fallbacks[FALLBACK_ANY][FROM_LITELLM], "",
         "As in `router_settings`, which wins for an alias that stands in both."),
    USED(LITELLM, LIST, "context_window_fallbacks", fallbacks[FALLBACK_CONTEXT][FROM_LITELLM], "",
         "As in `router_settings`, which wins for an alias that stands in both."),
    USED(LITELLM, LIST, "content_policy_fallbacks", fallbacks[FALLBACK_CONTENT][FROM_LITELLM], "",
         "As in `router_settings`, which wins for an alias that stands in both."),
    USED(LITELLM, LIST, "default_fallbacks", default_fallbacks[FROM_LITELLM], "",
         "As in `router_settings`, which wins."),
    USED(LITELLM, LIST, "custom_provider_map", custom_provider_map, "",
         "LiteLLM's list of providers that are Python classes; those that are built in here are taken, others warn."),
    HARMLESS(LITELLM, "drop_params set_verbose json_logs telemetry modify_params suppress_debug_info debug "
                      "turn_off_message_logging redact_user_api_key_info store_audit_logs enable_preview_features "
                      "disable_* add_function_to_prompt force_ipv4 stream_chunk_size use_chat_completions_* "
                      "log_raw_request_response num_retries_per_request langfuse_* detect_prompt_injection_*"),
    WARNS(LITELLM, "success_callback failure_callback callbacks service_callbacks audit_log_callbacks",
          "no callbacks are called; the journal has one line per request"),
    WARNS(LITELLM, "cache cache_params enable_caching_on_provider_specific_optional_params", "replies are not cached"),
    WARNS(LITELLM,
          "max_internal_user_budget internal_user_budget_duration upperbound_* "
          "default_internal_user_params default_team_settings default_team_params default_key_generate_params",
          "there are no users"),
    USED(
        LITELLM, TEXT_OR_BOOL, "ssl_verify", ssl_verify, "true",
        "The whole path of a PEM file with further authorities, say a company's own: they may certify providers, besides the "
        "system's list. `false` warns: certificates are always checked."),
    WARNS(LITELLM, "ssl_certificate", "providers are shown no certificate"),
    WARNS(LITELLM, "max_parallel_requests", "this limit is not enforced"),
    WARNS(LITELLM, "headers extra_headers forward_* model_alias_map credential_list guardrails",
          "this part of LiteLLM is not here"),

    RANGED(GENERAL, COUNT, "max_body_memory", 256, 1 << 20, config.max_body_memory_mb,
           "(a quarter of the machine's memory, at least 256)",
           "Megabytes that the bodies of all requests under way may take together, over all workers; "
           "see [routing](routing.md). "
           "Beyond it a request gets 503 with `Retry-After`. Not in LiteLLM."),
    RANGED(GENERAL, NUMBER, "max_cost_usd", 0, 1e9, config.max_cost_usd, "(none)",
           "What all calls may cost in USD, from the proxy's start to its end; "
           "see [routing](routing.md). Not in LiteLLM."),
    USED(
        GENERAL, BOOL, "connect_ahead", config.connect_ahead, "true",
        "At the start and after a reload each provider behind `https://` that can serve is connected to, with one request "
        "(`HEAD /`) that bears no key and costs nothing, so that the first call finds the connection open. Not in LiteLLM."),
    USED(GENERAL, SECRET, "outgoing_proxy", outgoing_proxy, "(none)",
         "`http://`, `https://` or `socks5h://` and `HOST:PORT`: calls to other machines go through it; "
         "see [routing](routing.md). Not "
         "in LiteLLM."),
    USED(GENERAL, SECRET, "master_key", master_key, "",
         "The key that clients present; `LITELLM_API_KEY` and `LITELLM_MASTER_KEY` in the environment come first."),
    HARMLESS(GENERAL, "disable_* background_health_checks health_check_* enable_health_check_routing completion_model "
                      "infer_model_from_keys proxy_batch_write_at alerting_threshold store_prompts_in_spend_logs "
                      "store_model_in_db allow_requests_on_db_unavailable ui_access_mode cancel_on_disconnect"),
    WARNS(GENERAL, "database_* use_prisma_* maximum_spend_logs_* supported_db_objects",
          "there is no database, hence no virtual keys"),
    WARNS(GENERAL,
          "custom_auth enable_jwt_auth litellm_jwtauth allowed_ips allowed_routes admin_only_routes "
          "public_routes custom_* user_* enable_oauth2_* use_* trusted_proxy_ranges max_request_size_mb "
          "max_response_size_mb",
          "access is by the master key alone, from this machine"),
    WARNS(GENERAL, "alerting alert_types alert_to_webhook_url alerting_args otel", "no alerts are sent"),
    WARNS(GENERAL, "pass_through_endpoints pass_through_request_timeout", "there are no pass-through paths"),
    WARNS(GENERAL, "max_parallel_requests global_max_parallel_requests", "this limit is not enforced"),
    WARNS(GENERAL, "key_management_system key_management_settings forward_client_headers_to_llm_api enforced_params",
          "this part of LiteLLM is not here"),

    /* The weights and tau are those of the router that the formula of risk-adjusted comes from. */
    RANGED(STRATEGY, NUMBER, "weight_cost", 0, 1e6, weights.cost, "0.10",
           "Of risk-adjusted: weight of the cost of a reply."),
    RANGED(STRATEGY, NUMBER, "weight_ttft", 0, 1e6, weights.ttft, "0.22", "Of the time to the first token."),
    RANGED(STRATEGY, NUMBER, "weight_total_latency", 0, 1e6, weights.total_latency, "0.14", "Of the time to the end."),
    RANGED(STRATEGY, NUMBER, "weight_tokens_per_second", 0, 1e6, weights.tokens_per_second, "0.14",
           "Of the speed, which lowers the risk."),
    RANGED(STRATEGY, NUMBER, "weight_error", 0, 1e6, weights.error, "0.25", "Of the rate of errors."),
    RANGED(STRATEGY, NUMBER, "weight_token_pressure", 0, 1e6, weights.token_pressure, "0.08",
           "Of how much of the minute's tokens is used up."),
    RANGED(STRATEGY, NUMBER, "weight_queue_depth", 0, 1e6, weights.queue_depth, "0.07", "Of the calls in flight."),
    RANGED(STRATEGY, NUMBER, "weight_quality", 0, 1e6, weights.quality, "0",
           "Of the quality that is missing, where it is declared."),
    RANGED(STRATEGY, NUMBER, "tau", 0, 1e6, tau, "0.30",
           "How much chance plays a part: the temperature of softmax(-risk / tau). 0: none, the least risk is first."),
    RANGED(STRATEGY, NUMBER, "value_of_time", 0, 1e6, value_of_time, "0.01",
           "Of expected-cost: USD for a second of waiting."),
    RANGED(STRATEGY, NUMBER, "quality_point", 0, 1e6, quality_point, "0.004",
           "USD for a point of `model_info.quality` below 100."),
    RANGED(STRATEGY, NUMBER, "failure", 0, 1e6, failure, "0.60", "USD for a request that fails after all attempts."),
    RANGED(STRATEGY, NUMBER, "expected_output_tokens", 0, 1e6, expected_output_tokens, "300",
           "Of a reply, until replies were seen."),
    RANGED(STRATEGY, NUMBER, "move_factor", 1, 1e6, move_factor, "1.5",
           "A conversation leaves its deployment where that is expected to cost so many times what the best one does."),
    RANGED(STRATEGY, SECONDS, "half_life", 1, DAY, half_life_ms, "120", "Observations of this age count half."),
    RANGED(STRATEGY, SECONDS, "error_half_life", 1, DAY, error_half_life_ms, "60",
           "The same, of the rate of errors that is shown."),
    WARNS(STRATEGY, "ttl lowest_latency_buffer max_latency_list_size rpm_limit", "observations fade with `half_life`"),
    {0},
};

static const char *const SECTIONS[SECTION_COUNT] = {
    [SECTION_FILE] = "",
    [SECTION_ENTRY] = "model_list[]",
    [SECTION_PARAMS] = "litellm_params",
    [SECTION_INFO] = "model_info",
    [SECTION_TIER] = "model_info.tiered_pricing[]",
    [SECTION_ROUTER] = "router_settings",
    [SECTION_RETRIES] = "router_settings.retry_policy",
    [SECTION_ALLOWED] = "router_settings.allowed_fails_policy",
    [SECTION_LITELLM] = "litellm_settings",
    [SECTION_GENERAL] = "general_settings",
    [SECTION_STRATEGY] = "routing_strategy_args",
};

const struct schema CONFIG_KEYS = {KEYS, SECTIONS, 0};
