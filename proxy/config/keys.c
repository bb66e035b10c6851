/* pure. The known keys of LiteLLM's config.yaml: type, range, default, meaning, and the field for the value. Those of
 * model_list are in model_keys.c. */
#include "proxy/config/key_rows.h"

static const struct schema_row KEYS[] = {
    USED(FILE, LIST, "model_list", model_list, "", "The deployments; entries with the same `model_name` form a group."),
    USED(FILE, MAPPING, "router_settings", router, "", "Retries, cooldowns, fallbacks."),
    USED(FILE, MAPPING, "litellm_settings", litellm, "", "The same settings, which LiteLLM accepts here too."),
    USED(FILE, MAPPING, "general_settings", general, "", "The master key."),
    WARNS(FILE, "environment_variables", "only the process's environment is used"),
    WARNS(FILE, "include", "included files are not read"),
    WARNS(FILE,
          "guardrails mcp_servers credential_list vector_store_registry search_tools prompts policies "
          "assistant_settings finetune_settings files_settings callback_settings mcp_tools",
          "this LiteLLM feature is not supported"),

    USED(ROUTER, TEXT, "routing_strategy", routing_strategy, "simple-shuffle",
         "How to order deployments with the same `order`: simple-shuffle, expected-cost or risk-adjusted; "
         "see [routing](routing.md)."),
    USED(ROUTER, TEXT, "risk_router_strategy", risk_strategy, "expected-cost",
         "The same on the risk router's port (`--risk-port`). Not in LiteLLM."),
    USED(ROUTER, TEXT, "baseline", baseline, "codex-default",
         "Alias whose first deployment costs are compared with: `baseline_usd` of the request log, and savings. Not in "
         "LiteLLM."),
    RANGED(ROUTER, INT, "num_retries", 0, 100, config.num_retries, "2",
           "Further attempts after the first, each on another deployment."),
    RANGED(ROUTER, SECONDS, "timeout", 0, DAY, config.timeout_ms, "600",
           "Limit for a whole call, or for silence within a stream; 0: none."),
    RANGED(ROUTER, SECONDS, "stream_timeout", 0, DAY, config.stream_timeout_ms, "(`timeout`)",
           "Limit until the first content of a stream; 0: none."),
    RANGED(
        ROUTER, SECONDS, "connect_timeout", 0.1, 3600, config.connect_timeout_ms, "10",
        "Limit for name lookup, connection and TLS handshake. A server without TLS that has not begun its reply by then "
        "gets `HEAD /`, and the same time again to answer it. Not in LiteLLM."),
    RANGED(ROUTER, SECONDS, "cooldown_time", 0, DAY, config.cooldown_ms, "5",
           "Cooldown after a failure whose kind has no cooldown of its own."),
    RANGED(ROUTER, INT, "allowed_fails", 0, 1e6, config.allowed_fails, "3",
           "Consecutive failures allowed before a cooldown."),
    USED(ROUTER, MAPPING, "allowed_fails_policy", allowed_fails_policy, "",
         "Replaces `allowed_fails` by failure kind; see [routing](routing.md)."),
    USED(
        ROUTER, BOOL, "keep_state", config.keep_state, "false",
        "Save the deployments' state (cooldowns, circuit breakers, averages) in `$CODEX_HOME/logs/dispatch-state.json` "
        "between runs. Not in LiteLLM."),
    USED(ROUTER, BOOL, "disable_cooldowns", config.no_cooldowns, "false", "Start no cooldowns."),
    USED(
        ROUTER, BOOL, "hold_streams", config.hold_streams, "false",
        "Buffer each stream until it is complete, so that another deployment can answer if one is interrupted. Not in LiteLLM."),
    USED(ROUTER, MAPPING, "retry_policy", retry_policy, "",
         "Replaces `num_retries` by failure kind; see [routing](routing.md)."),
    USED(ROUTER, MAPPING, "model_group_retry_policy", group_retry_policy, "",
         "`alias: {…}`: the same for one group, which wins."),
    USED(ROUTER, LIST, "fallbacks", fallbacks[FALLBACK_ANY][FROM_ROUTER], "",
         "`- alias: [other, …]`: groups to try when all deployments of this one failed; not recursive."),
    USED(ROUTER, LIST, "context_window_fallbacks", fallbacks[FALLBACK_CONTEXT][FROM_ROUTER], "",
         "The same for a prompt above the context window of every deployment in the group. Default: the deployments of "
         "`fallbacks` with a larger window."),
    USED(ROUTER, LIST, "content_policy_fallbacks", fallbacks[FALLBACK_CONTENT][FROM_ROUTER], "",
         "The same for a prompt that a provider's policy refuses. Default: the client gets the error."),
    RANGED(ROUTER, INT, "max_fallbacks", 0, 100, max_fallbacks, "(all)",
           "Number of groups used from each list of fallbacks."),
    USED(ROUTER, LIST, "default_fallbacks", default_fallbacks[FROM_ROUTER], "",
         "Fallbacks for groups without their own."),
    USED(ROUTER, MAPPING, "model_group_max_cost_usd", group_max_cost, "",
         "`alias: USD`: cost limit of one group, like `general_settings.max_cost_usd`. Not in LiteLLM."),
    USED(ROUTER, MAPPING, "adaptive_router", adaptive_router, "(off)",
         "Learns from outcomes, and suggests or applies another order; see below and "
         "[adaptive.md](adaptive.md). Not in LiteLLM."),
    RANGED(ROUTER, INT, "hedge_after_ms", 0, 6e5, config.hedge_after_ms, "0",
           "Milliseconds without a first token of a stream before the next deployment is called too; 0: never. "
           "Not in LiteLLM."),
    RANGED(ROUTER, NUMBER, "hedge_max_cost_usd", 0, 1e6, config.hedge_max_cost_usd, "0",
           "Highest estimated cost of that second call, USD; 0: only free deployments. Not in LiteLLM."),
    USED(ROUTER, MAPPING, "model_group_alias", group_alias, "", "`other name: alias`: further names of a group."),
    USED(ROUTER, MAPPING, "model_group_quality", group_quality, "",
         "`alias: quality`: lowest `model_info.quality` of deployments for the alias; those without one qualify. "
         "Not in LiteLLM."),
    USED(ROUTER, LIST, "error_rules", error_rules, "",
         "Your rules on errors; see [refusals](refusals.md). Not in LiteLLM."),
    USED(ROUTER, MAPPING, "routing_strategy_args", strategy_args, "", "Settings of the strategy; see below."),
    HARMLESS(ROUTER, "set_verbose debug_level client_ttl ignore_invalid_deployments polling_interval "
                     "enable_health_check_routing health_check_*"),
    WARNS(ROUTER, "retry_after", "the next deployment is tried without delay"),
    WARNS(ROUTER, "enable_weighted_failover", "the order depends on `order` and `weight`"),
    WARNS(ROUTER, "redis_* cache_responses cache_kwargs caching_groups", "state is in memory"),
    WARNS(ROUTER,
          "enable_pre_call_checks optional_pre_call_checks deployment_affinity_* model_group_affinity_config "
          "enable_tag_filtering tag_filtering_match_any routing_groups provider_budget_config "
          "default_litellm_params default_max_parallel_requests default_priority alerting_config "
          "router_general_settings",
          "this LiteLLM router feature is not supported"),

    RANGED(RETRIES, INT, "AuthenticationErrorRetries", 0, 100, auth, "", "After a 401 or 403."),
    RANGED(RETRIES, INT, "TimeoutErrorRetries", 0, 100, timeout, "", "After a timeout or 408."),
    RANGED(RETRIES, INT, "RateLimitErrorRetries", 0, 100, rate_limit, "", "After a 429, except an exhausted quota."),
    RANGED(RETRIES, INT, "BadRequestErrorRetries", 0, 100, bad_request, "(0)",
           "After a request that was rejected as invalid."),
    RANGED(RETRIES, INT, "ContentPolicyViolationErrorRetries", 0, 100, content_policy, "(0)",
           "After a prompt that a provider's policy refused."),
    RANGED(RETRIES, INT, "InternalServerErrorRetries", 0, 100, internal, "",
           "After a 5xx, a failed connection, or an invalid reply."),

    RANGED(ALLOWED, INT, "AuthenticationErrorAllowedFails", 0, 1e6, auth, "(0)", "Allowed 401s and 403s."),
    RANGED(ALLOWED, INT, "TimeoutErrorAllowedFails", 0, 1e6, timeout, "", "Allowed timeouts and 408s."),
    RANGED(ALLOWED, INT, "RateLimitErrorAllowedFails", 0, 1e6, rate_limit, "(0)",
           "Allowed 429s, except exhausted quotas; a provider's `Retry-After` takes precedence."),
    RANGED(ALLOWED, INT, "InternalServerErrorAllowedFails", 0, 1e6, internal, "",
           "Allowed 5xx, failed connections and invalid replies."),
    WARNS(ALLOWED, "BadRequestErrorAllowedFails ContentPolicyViolationErrorAllowedFails",
          "a rejected request never starts a cooldown"),

    RANGED(LITELLM, NUMBER, "max_budget", 0, 1e9, config.max_cost_usd, "(none)",
           "LiteLLM's name for `general_settings.max_cost_usd`, which wins."),
    WARNS(LITELLM, "budget_duration", "cost limits cover one run of the proxy"),
    RANGED(LITELLM, INT, "num_retries", 0, 100, config.num_retries, "", "As in `router_settings`, which wins."),
    RANGED(LITELLM, SECONDS, "request_timeout", 0, DAY, config.timeout_ms, "",
           "As `router_settings.timeout`, which wins."),
    RANGED(LITELLM, INT, "allowed_fails", 0, 1e6, config.allowed_fails, "", "As in `router_settings`, which wins."),
    RANGED(LITELLM, SECONDS, "cooldown_time", 0, DAY, config.cooldown_ms, "", "As in `router_settings`, which wins."),
    USED(LITELLM, LIST, "fallbacks", fallbacks[FALLBACK_ANY][FROM_LITELLM], "",
         "As in `router_settings`, which wins for an alias in both."),
    USED(LITELLM, LIST, "context_window_fallbacks", fallbacks[FALLBACK_CONTEXT][FROM_LITELLM], "",
         "As in `router_settings`, which wins for an alias in both."),
    USED(LITELLM, LIST, "content_policy_fallbacks", fallbacks[FALLBACK_CONTENT][FROM_LITELLM], "",
         "As in `router_settings`, which wins for an alias in both."),
    USED(LITELLM, LIST, "default_fallbacks", default_fallbacks[FROM_LITELLM], "",
         "As in `router_settings`, which wins."),
    USED(
        LITELLM, MAPPING, "cost_discount_config", cost_discounts, "",
        "`provider: part` or `provider/model: part`, from 0 to 1, taken off all prices; the model may have `*`, and the "
        "most specific key wins."),
    USED(LITELLM, MAPPING, "cost_margin_config", cost_margins, "",
         "`provider: part` or `global: part`, added to all prices after the discount: 0.1 is 10 %."),
    USED(LITELLM, LIST, "custom_provider_map", custom_provider_map, "",
         "LiteLLM's list of providers as Python classes: built-in providers are accepted, others warn."),
    HARMLESS(LITELLM, "drop_params set_verbose json_logs telemetry modify_params suppress_debug_info debug "
                      "turn_off_message_logging redact_user_api_key_info store_audit_logs enable_preview_features "
                      "disable_* add_function_to_prompt force_ipv4 stream_chunk_size use_chat_completions_* "
                      "log_raw_request_response num_retries_per_request langfuse_* detect_prompt_* enable_caching_*"),
    WARNS(LITELLM, "success_callback failure_callback callbacks service_callbacks audit_log_callbacks",
          "callbacks are not supported; the request log has one line per request"),
    USED(LITELLM, BOOL, "cache", cache, "false", "Cache replies; see [caching](caching.md)."),
    RANGED(LITELLM, INT, "budget_exceeded_status_code", 400, 499, config.budget_status, "400",
           "HTTP status if a [virtual key's](virtual-keys.md) budget is used up. Codex does not retry a 400."),
    USED(LITELLM, TEXT, "timezone", time_zone, "UTC",
         "Time zone in which the budgets of [virtual keys](virtual-keys.md) begin again: `Europe/Berlin`."),
    USED(LITELLM, MAPPING, "cache_params", cache_params, "", "Settings of the reply cache; see below."),
    WARNS(LITELLM,
          "max_internal_user_budget internal_user_budget_duration upperbound_* "
          "default_internal_user_params default_team_settings default_team_params default_key_generate_params",
          "there are no users"),
    USED(
        LITELLM, TEXT_OR_BOOL, "ssl_verify", ssl_verify, "true",
        "Absolute path of a PEM file of CA certificates, such as a company's, trusted in addition to the system's. `false` "
        "warns: certificates are always checked."),
    WARNS(LITELLM, "ssl_certificate", "client certificates are not supported"),
    WARNS(LITELLM, "max_parallel_requests", "this limit is not enforced"),
    WARNS(LITELLM, "headers extra_headers forward_* model_alias_map credential_list guardrails",
          "this LiteLLM feature is not supported"),

    RANGED(GENERAL, COUNT, "max_body_memory", 256, 1 << 20, config.max_body_memory_mb,
           "(a quarter of the machine's memory, at least 256)",
           "Memory for all request bodies together, over all workers, MB; see [routing](routing.md). "
           "Above it, a request gets 503 with `Retry-After`. Not in LiteLLM."),
    RANGED(GENERAL, NUMBER, "max_cost_usd", 0, 1e9, config.max_cost_usd, "(none)",
           "Cost limit of all calls from proxy start to end, USD; see [routing](routing.md). Not in LiteLLM."),
    USED(
        GENERAL, BOOL, "connect_ahead", config.connect_ahead, "true",
        "At startup and after a reload, send each ready `https://` provider one free `HEAD /` without a key, so that the "
        "first call finds an open connection. Not in LiteLLM."),
    USED(GENERAL, SECRET, "outgoing_proxy", outgoing_proxy, "(none)",
         "Outbound proxy for calls to other machines: `http://`, `https://` or `socks5h://`, then `HOST:PORT`; "
         "see [routing](routing.md). Not in LiteLLM."),
    USED(GENERAL, SECRET, "master_key", master_key, "",
         "The key that clients must send; `LITELLM_API_KEY` and `LITELLM_MASTER_KEY` in the environment win."),
    USED(
        GENERAL, TEXT, "key_store", key_store, "(none)",
        "Absolute path of the [virtual keys](virtual-keys.md)' file, an SQLite database that the proxy makes. Without it "
        "there is only the master key. Not in LiteLLM."),
    USED(
        GENERAL, BOOL, "strict_budget", config.strict_budget, "false",
        "Requests of [virtual keys](virtual-keys.md) hold the most that they can cost, so that no budget is ever exceeded; "
        "else what they usually cost. Not in LiteLLM."),
    USED(GENERAL, TEXT, "maximum_spend_logs_retention_period", ledger_retention, "(for ever)",
         "How long the ledger of [virtual keys](virtual-keys.md) keeps single calls: `90d`. Sums stay."),
    USED(GENERAL, TEXT, "database_url", database_url, "(none)",
         "LiteLLM's name for `key_store`: `sqlite:FILE`. Other databases have no effect."),
    USED(GENERAL, MAPPING, "telemetry", telemetry, "",
         "The files of the [logs](observability.md#the-files-of-the-logs); see below. Not in LiteLLM."),
    HARMLESS(GENERAL, "disable_* background_health_checks health_check_* enable_health_check_routing completion_model "
                      "infer_model_from_keys proxy_batch_write_at alerting_threshold store_prompts_in_spend_logs "
                      "store_model_in_db allow_requests_on_db_unavailable ui_access_mode cancel_on_disconnect"),
    WARNS(
        GENERAL,
        "database_* use_prisma_* maximum_spend_logs_cleanup_* maximum_spend_logs_retention_interval supported_db_objects",
        "the only database is the file key_store"),
    WARNS(GENERAL,
          "custom_auth enable_jwt_auth litellm_jwtauth allowed_ips allowed_routes admin_only_routes "
          "public_routes custom_* user_* enable_oauth2_* use_* trusted_proxy_ranges max_request_size_mb "
          "max_response_size_mb",
          "the master key is the only access control"),
    WARNS(GENERAL, "alerting alert_types alert_to_webhook_url alerting_args otel", "no alerts are sent"),
    WARNS(GENERAL, "pass_through_endpoints pass_through_request_timeout", "pass-through paths are not supported"),
    WARNS(GENERAL, "max_parallel_requests global_max_parallel_requests", "this limit is not enforced"),
    WARNS(GENERAL, "key_management_system key_management_settings forward_client_headers_to_llm_api enforced_params",
          "this LiteLLM feature is not supported"),

    RANGED(TELEMETRY, COUNT, "max_total_bytes", LOG_TOTAL_MIN, 1e12, config.log_total_bytes, "104857600",
           "Bytes that the files of all logs may take together."),
    RANGED(TELEMETRY, INT, "max_files", LOG_FILES_MIN, LOG_FILES_MAX, config.log_files, "16",
           "Number of files of all logs together; each has at most `max_total_bytes / max_files` bytes."),
    WARNS(TELEMETRY, "dir", "the logs are in $CODEX_HOME/logs"),
    USED(TELEMETRY, MAPPING, "debug", debug_log, "", "The debug log; see below."),
    USED(TELEMETRY, MAPPING, "session", session_log, "", "The session log; see below."),
    USED(DEBUG_LOG, BOOL, "enabled", config.debug_log, "false",
         "Write routing decisions, calls and the configuration in force to `debug.jsonl`."),
    USED(SESSION_LOG, TEXT, "file", session_file, "(none)",
         "Name of the session log in the folder of the logs, such as `session.jsonl`."),

    /* weight_* and tau: the defaults of the router from which risk-adjusted's formula comes. */
    RANGED(STRATEGY, NUMBER, "weight_cost", 0, 1e6, weights.cost, "0.10",
           "risk-adjusted: coefficient of the reply's cost."),
    RANGED(STRATEGY, NUMBER, "weight_ttft", 0, 1e6, weights.ttft, "0.22",
           "Coefficient of the time to the first token."),
    RANGED(STRATEGY, NUMBER, "weight_total_latency", 0, 1e6, weights.total_latency, "0.14",
           "Coefficient of the total time."),
    RANGED(STRATEGY, NUMBER, "weight_tokens_per_second", 0, 1e6, weights.tokens_per_second, "0.14",
           "Coefficient of the speed, which lowers the risk."),
    RANGED(STRATEGY, NUMBER, "weight_error", 0, 1e6, weights.error, "0.25", "Coefficient of the error rate."),
    RANGED(STRATEGY, NUMBER, "weight_token_pressure", 0, 1e6, weights.token_pressure, "0.08",
           "Coefficient of the used share of `tpm`."),
    RANGED(STRATEGY, NUMBER, "weight_queue_depth", 0, 1e6, weights.queue_depth, "0.07",
           "Coefficient of the calls in flight."),
    RANGED(STRATEGY, NUMBER, "weight_quality", 0, 1e6, weights.quality, "0",
           "Coefficient of the missing quality, if declared."),
    RANGED(STRATEGY, NUMBER, "tau", 0, 1e6, tau, "0.30",
           "Temperature of softmax(-risk / tau), from which the order is drawn; 0: lowest risk first."),
    RANGED(STRATEGY, NUMBER, "value_of_time", 0, 1e6, value_of_time, "0.01",
           "expected-cost: USD per second of waiting."),
    RANGED(STRATEGY, NUMBER, "quality_point", 0, 1e6, quality_point, "0.004",
           "USD per point of `model_info.quality` below 100."),
    RANGED(STRATEGY, NUMBER, "failure", 0, 1e6, failure, "0.60", "USD per request that fails after all attempts."),
    RANGED(STRATEGY, NUMBER, "expected_output_tokens", 0, 1e6, expected_output_tokens, "300",
           "Tokens of a reply, until replies were measured."),
    RANGED(STRATEGY, NUMBER, "move_factor", 1, 1e6, move_factor, "1.5",
           "A conversation leaves its deployment if its expected cost exceeds the best one's by this factor."),
    RANGED(STRATEGY, SECONDS, "half_life", 1, DAY, half_life_ms, "120", "Observations of this age count half."),
    RANGED(STRATEGY, SECONDS, "error_half_life", 1, DAY, error_half_life_ms, "60",
           "The same for the displayed error rate."),
    USED(ERROR_RULE, TEXT, "provider", provider, "(any)",
         "Errors of this provider: the part of `model` before the `/`."),
    USED(ERROR_RULE, LABEL, "deployment", deployment, "(any)", "Errors of the deployment of this `model_info.id`."),
    RANGED(ERROR_RULE, INT, "status", 200, 599, status, "(any)", "HTTP status; 200: an error inside such a reply."),
    USED(ERROR_RULE, LABEL, "words", words, "(any)", "Text in the message, or the whole code; ignores case."),
    USED(ERROR_RULE, LABEL, "expression", expression, "(any)", "The same as a POSIX extended regular expression."),
    USED(ERROR_RULE, LABEL, "leave_out", leave_out, "", "A part or field to leave out, or `nothing`."),
    WORDS(ERROR_RULE, "then", failure_then_names, then, "Call the same deployment again, the next one, or none."),
    RANGED(ERROR_RULE, SECONDS, "cooldown", 0, DAY, cooldown_ms, "", "Cooldown of the deployment; 0: none."),
    WORDS(ERROR_RULE, "as", failure_names, as, "What the failure is."),
    WARNS(STRATEGY, "ttl lowest_latency_buffer max_latency_list_size rpm_limit", "observations fade with `half_life`"),
    {0},
};

static const struct schema_section SECTIONS[SECTION_COUNT] = {
    [SECTION_FILE] = {"", KEYS},
    [SECTION_ENTRY] = {"model_list[]", CONFIG_MODEL_KEYS},
    [SECTION_PARAMS] = {"litellm_params", CONFIG_MODEL_KEYS},
    [SECTION_INFO] = {"model_info", CONFIG_MODEL_KEYS},
    [SECTION_TIER] = {"model_info.tiered_pricing[]", CONFIG_MODEL_KEYS},
    [SECTION_ROUTER] = {"router_settings", KEYS},
    [SECTION_RETRIES] = {"router_settings.retry_policy", KEYS},
    [SECTION_ALLOWED] = {"router_settings.allowed_fails_policy", KEYS},
    [SECTION_LITELLM] = {"litellm_settings", KEYS},
    [SECTION_CACHE] = {"litellm_settings.cache_params", CONFIG_CACHE_KEYS},
    [SECTION_GENERAL] = {"general_settings", KEYS},
    [SECTION_TELEMETRY] = {"general_settings.telemetry", KEYS},
    [SECTION_DEBUG_LOG] = {"general_settings.telemetry.debug", KEYS},
    [SECTION_SESSION_LOG] = {"general_settings.telemetry.session", KEYS},
    [SECTION_STRATEGY] = {"routing_strategy_args", KEYS},
    [SECTION_ERROR_RULE] = {"router_settings.error_rules[]", KEYS},
};

const struct schema CONFIG_KEYS = {SECTIONS, 0};
