# The pure files are in a library of their own: unit tests, fuzzers and the simulator link it without an event loop.
noinst_LIBRARIES += proxy/libpure.a
proxy_libpure_a_SOURCES = \
	proxy/terms/wire.c proxy/terms/wire.h \
	proxy/terms/client_name.c proxy/terms/client_name.h \
	proxy/config/config.c proxy/config/config.h proxy/config/private.h \
	proxy/config/ca_file.c \
	proxy/config/session_log.c \
	proxy/config/cache.c \
	proxy/config/redis.c \
	proxy/config/deployment.c \
	proxy/config/describe.c \
	proxy/config/discounts.c \
	proxy/config/error_rules.c \
	proxy/config/fallbacks.c \
	proxy/config/groups.c \
	proxy/config/key_rows.h \
	proxy/config/keys.c \
	proxy/config/key_store.c \
	proxy/config/known.c \
	proxy/config/login.c \
	proxy/config/model_keys.c \
	proxy/config/outgoing_proxy.c \
	proxy/config/policies.c \
	proxy/config/price_names.c \
	proxy/config/price_row.c \
	proxy/config/price_table.c proxy/config/price_table.h \
	proxy/config/prices.c \
	proxy/config/variables.c proxy/config/variables.h \
	proxy/config/wildcards.c \
	proxy/config/strategy.c \
	proxy/config/spending.c \
	proxy/cache/cache.c proxy/cache/cache.h \
	proxy/cache/canonical.c proxy/cache/canonical.h \
	proxy/cache/controls.c proxy/cache/controls.h \
	proxy/cache/flights.c proxy/cache/flights.h \
	proxy/cache/guards.c proxy/cache/guards.h \
	proxy/cache/recent.c proxy/cache/recent.h \
	proxy/cache/rules.c proxy/cache/rules.h \
	proxy/cache/seal.c proxy/cache/seal.h \
	proxy/cache/semantic.c proxy/cache/semantic.h \
	proxy/cache/store.c proxy/cache/store.h \
	proxy/front/admit.c proxy/front/admit.h \
	proxy/front/coding.c proxy/front/coding.h \
	proxy/answers/answers.c proxy/answers/answers.h \
	proxy/answers/aliases.c \
	proxy/answers/cache.c \
	proxy/answers/dispatch.c proxy/answers/private.h \
	proxy/answers/catalog.c proxy/answers/catalog.h \
	proxy/front/identify.c proxy/front/identify.h \
	proxy/front/http_parse.c proxy/front/http_parse.h \
	proxy/http/grammar.c proxy/http/grammar.h \
	proxy/http/reply.c proxy/http/reply.h \
	proxy/keys/blobs.c proxy/keys/private.h \
	proxy/keys/calls.c proxy/keys/calls.h \
	proxy/keys/gate.c proxy/keys/gate.h \
	proxy/keys/gate_hold.c \
	proxy/keys/gate_models.c \
	proxy/keys/gate_state.c \
	proxy/keys/periods.c proxy/keys/periods.h \
	proxy/keys/rate.c proxy/keys/rate.h \
	proxy/keys/refusals.c \
	proxy/keys/table.c proxy/keys/table.h \
	proxy/keys/table_put.c \
	proxy/keys/windows.c \
	proxy/keys/zone.c \
	proxy/bridge/model_request.c proxy/bridge/model_request.h \
	proxy/bridge/arguments.c proxy/bridge/arguments.h \
	proxy/bridge/assistant_to_chat.c \
	proxy/bridge/calls_from_chat.c \
	proxy/bridge/breakpoints.c proxy/bridge/breakpoints.h \
	proxy/bridge/cache_hint.c proxy/bridge/cache_hint.h \
	proxy/bridge/carrier.c proxy/bridge/carrier.h \
	proxy/bridge/chat_writer.h \
	proxy/bridge/chatgpt.c proxy/bridge/chatgpt.h \
	proxy/bridge/chatgpt_model.c proxy/bridge/chatgpt_model.h \
	proxy/bridge/content.c proxy/bridge/content.h \
	proxy/bridge/details.h \
	proxy/bridge/details_from_chat.c \
	proxy/bridge/dialect.c proxy/bridge/dialect.h \
	proxy/bridge/echo.c \
	proxy/bridge/decoder.c proxy/bridge/decoder.h \
	proxy/bridge/finish.c proxy/bridge/finish.h \
	proxy/bridge/item_head.c proxy/bridge/item_head.h \
	proxy/bridge/model.h \
	proxy/bridge/open_calls.c proxy/bridge/open_calls.h \
	proxy/bridge/provider_body.c proxy/bridge/provider_body.h \
	proxy/bridge/pass.c proxy/bridge/pass.h \
	proxy/bridge/pass_omit.c \
	proxy/bridge/relay.c proxy/bridge/relay.h proxy/bridge/relay_options.h \
	proxy/bridge/relay_state.h \
	proxy/bridge/reply.c proxy/bridge/reply.h proxy/bridge/reply_private.h \
	proxy/bridge/reply_calls.c \
	proxy/bridge/reply_from_chat.c \
	proxy/bridge/reply_from_embeddings.c \
	proxy/bridge/reply_from_responses.c \
	proxy/bridge/reply_to_chat.c \
	proxy/bridge/reply_to_responses.c \
	proxy/bridge/request_from_chat.c \
	proxy/bridge/request_from_responses.c \
	proxy/bridge/request_to_chat.c \
	proxy/bridge/request_to_responses.c \
	proxy/bridge/responses_object.c proxy/bridge/responses_object.h \
	proxy/bridge/schema.c \
	proxy/bridge/segments.c proxy/bridge/segments.h \
	proxy/bridge/settings.c proxy/bridge/settings.h \
	proxy/bridge/sse.c proxy/bridge/sse.h \
	proxy/bridge/tools.c proxy/bridge/tools.h \
	proxy/bridge/tools_write.c \
	proxy/bridge/turn.c proxy/bridge/turn.h \
	proxy/bridge/usage_write.c proxy/bridge/usage_write.h \
	proxy/terms/segments.c proxy/terms/segments.h \
	proxy/terms/strategy_id.c proxy/terms/strategy_id.h \
	proxy/terms/usage.c proxy/terms/usage.h \
	proxy/bridge/watch.c \
	proxy/bridge/whole.c \
	proxy/route/adaptive.c proxy/route/adaptive.h \
	proxy/record/decisions.c proxy/record/decisions.h \
	proxy/record/running.c proxy/record/running.h \
	proxy/route/affinity.c proxy/route/affinity.h \
	proxy/route/belief.c proxy/route/belief.h \
	proxy/route/breaker.c proxy/route/breaker.h \
	proxy/route/calibration.c proxy/route/calibration.h \
	proxy/route/ewma.c proxy/route/ewma.h \
	proxy/route/explain.c proxy/route/explain.h \
	proxy/terms/failure.c proxy/terms/failure.h proxy/terms/failure_private.h \
	proxy/terms/effort.c proxy/terms/effort.h \
	proxy/terms/failure_field.c \
	proxy/terms/failure_match.c \
	proxy/terms/failure_read.c \
	proxy/terms/failure_reply.c \
	proxy/terms/part.c proxy/terms/part.h \
	proxy/terms/refusal_patterns.c \
	proxy/terms/failure_patterns.c proxy/terms/failure_patterns.h \
	proxy/route/forecast.c proxy/route/forecast.h \
	proxy/route/health.c proxy/route/health.h \
	proxy/route/refused.c proxy/route/refused.h \
	proxy/route/limit.c proxy/route/limit.h \
	proxy/route/observe.c proxy/route/observe.h \
	proxy/route/plan.c proxy/route/plan.h \
	proxy/route/prefixes.c proxy/route/prefixes.h \
	proxy/route/retry.c proxy/route/retry.h \
	proxy/route/rhythm.c proxy/route/rhythm.h \
	proxy/route/share.c proxy/route/share.h \
	proxy/route/slots.c proxy/route/slots.h \
	proxy/route/spending.c proxy/route/spending.h \
	proxy/route/strategy.c proxy/route/strategy.h \
	proxy/route/strategy_expected.c \
	proxy/route/strategy_risk.c \
	proxy/route/strategy_shuffle.c \
	proxy/route/suspicion.c proxy/route/suspicion.h \
	proxy/route/window.c proxy/route/window.h \
	proxy/upstream/call_fields.c \
	proxy/upstream/heads.c proxy/upstream/heads.h \
	proxy/upstream/login_file.c proxy/upstream/login_file.h \
	proxy/upstream/login_token.c proxy/upstream/login_token.h \
	proxy/upstream/model_list.c proxy/upstream/model_list.h \
	proxy/terms/prompt_cache.c proxy/terms/prompt_cache.h \
	proxy/terms/provider.c proxy/terms/provider.h \
	proxy/terms/rate_limits.c proxy/terms/rate_limits.h

# What the keeper of virtual keys has: a library of its own, because it needs SQLite.
noinst_LIBRARIES += proxy/libkeys.a
proxy_libkeys_a_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
proxy_libkeys_a_SOURCES = \
	proxy/keys/admin.c proxy/keys/admin.h proxy/keys/admin_private.h \
	proxy/keys/admin_fields.c \
	proxy/keys/admin_import.c \
	proxy/keys/admin_keys.c \
	proxy/keys/admin_list.c \
	proxy/keys/admin_members.c \
	proxy/keys/admin_others.c \
	proxy/keys/admin_rows.c \
	proxy/keys/admin_spend.c \
	proxy/keys/objects.c proxy/keys/objects.h \
	proxy/keys/key_store.c proxy/keys/key_store.h proxy/keys/key_store_private.h \
	proxy/keys/key_store_calls.c

bin_PROGRAMS += proxy/pointsman-proxy
proxy_pointsman_proxy_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS) $(SECCOMP_CFLAGS) $(EVENT_CFLAGS)
proxy_pointsman_proxy_LDADD = usage/libusage.a proxy/libkeys.a proxy/libpure.a $(common_libs) $(CURL_LIBS) $(EVENT_LIBS) $(SECCOMP_LIBS) \
	$(ZLIB_LIBS) $(ZSTD_LIBS) $(HIREDIS_LIBS) $(SQLITE_LIBS) -lm
proxy_pointsman_proxy_SOURCES = \
	proxy/main.c \
	proxy/serve/administration.c proxy/serve/administration.h \
	proxy/serve/options.c proxy/serve/options.h \
	proxy/serve/bodies.c proxy/serve/bodies.h \
	proxy/serve/keys.c proxy/serve/keys.h \
	proxy/serve/memory.c proxy/serve/memory.h \
	proxy/serve/confine.c proxy/serve/confine.h \
	proxy/answers/endpoints.c proxy/answers/endpoints.h \
	proxy/exchange/request.c proxy/exchange/request.h proxy/exchange/private.h \
	proxy/exchange/attempt.c \
	proxy/exchange/call.c \
	proxy/cache/redis.c proxy/cache/redis.h proxy/cache/redis_private.h \
	proxy/cache/redis_connect.c \
	proxy/cache/redis_memory.c proxy/cache/redis_memory.h \
	proxy/exchange/caching.c proxy/exchange/caching.h \
	proxy/exchange/caching_embed.c \
	proxy/exchange/caching_keep.c \
	proxy/exchange/caching_shadow.c \
	proxy/exchange/caching_wait.c \
	proxy/exchange/create.c \
	proxy/exchange/hedge.c \
	proxy/exchange/holding.c \
	proxy/exchange/omit.c \
	proxy/exchange/outcome.c \
	proxy/exchange/plan.c \
	proxy/exchange/reply.c \
	proxy/exchange/running.c \
	proxy/exchange/spending.c \
	proxy/exchange/debug.c \
	proxy/front/client.c proxy/front/client.h proxy/front/client_private.h \
	proxy/front/client_body.c \
	proxy/front/client_reply.c \
	proxy/front/listener.c proxy/front/listener.h \
	proxy/keys/channel.c proxy/keys/channel.h \
	proxy/keys/keeper.c proxy/keys/keeper.h \
	proxy/serve/generation.c proxy/serve/generation.h \
	proxy/serve/notify.c proxy/serve/notify.h \
	proxy/record/journal.c proxy/record/journal.h proxy/record/journal_line.c proxy/record/journal_line.h \
	proxy/record/debug_log.c proxy/record/debug_log.h \
	proxy/record/saved_state.c proxy/record/saved_state.h \
	proxy/serve/report.c proxy/serve/report.h \
	proxy/exchange/sharing.c proxy/exchange/sharing.h \
	proxy/serve/ports.c proxy/serve/ports.h \
	proxy/serve/server.c proxy/serve/server.h \
	proxy/serve/signals.c proxy/serve/signals.h \
	proxy/serve/workers.c proxy/serve/workers.h \
	proxy/upstream/preconnect.c proxy/upstream/preconnect.h \
	proxy/upstream/ca_certificates.c proxy/upstream/ca_certificates.h \
	proxy/upstream/outgoing_proxy.c proxy/upstream/outgoing_proxy.h \
	proxy/upstream/call.c proxy/upstream/call.h proxy/upstream/call_private.h proxy/upstream/transport.h \
	proxy/upstream/call_limits.c \
	proxy/upstream/curl_call.c proxy/upstream/curl_call.h proxy/upstream/curl_call_private.h \
	proxy/upstream/curl_loop.c proxy/upstream/curl_loop.h \
	proxy/upstream/curl_options.c proxy/upstream/curl_options.h \
	proxy/upstream/curl_reply.c \
	proxy/upstream/loopback.c proxy/upstream/loopback.h proxy/upstream/loopback_private.h \
	proxy/upstream/loopback_reply.c \
	proxy/upstream/login.c proxy/upstream/login.h \
	proxy/upstream/login_known.c proxy/upstream/login_known.h \
	proxy/upstream/login_store.c proxy/upstream/login_store.h \
	proxy/upstream/sign_in.c proxy/upstream/sign_in.h \
	proxy/serve/probe.c proxy/serve/probe.h
