# What is pure stands in a library of its own: unit tests, fuzzers and the simulator link it without any loop.
noinst_LIBRARIES += proxy/libpure.a
proxy_libpure_a_SOURCES = \
	proxy/wire.c proxy/wire.h \
	proxy/config.c proxy/config.h proxy/config_private.h \
	proxy/config_authorities.c \
	proxy/config_deployment.c \
	proxy/config_describe.c \
	proxy/config_fallbacks.c \
	proxy/config_groups.c \
	proxy/config_keys.c \
	proxy/config_login.c \
	proxy/config_outgoing.c \
	proxy/config_policies.c \
	proxy/config_read.c \
	proxy/config_variables.c proxy/config_variables.h \
	proxy/config_strategy.c \
	proxy/config_spending.c \
	proxy/front/admit.c proxy/front/admit.h \
	proxy/front/answers.c proxy/front/answers.h \
	proxy/front/answers_aliases.c \
	proxy/front/answers_dispatch.c proxy/front/answers_private.h \
	proxy/front/catalog.c proxy/front/catalog.h \
	proxy/front/http_parse.c proxy/front/http_parse.h \
	proxy/http/grammar.c proxy/http/grammar.h \
	proxy/upstream/http_reply.c proxy/upstream/http_reply.h \
	proxy/front/model_request.c proxy/front/model_request.h \
	proxy/bridge/arguments.c proxy/bridge/arguments.h \
	proxy/bridge/carrier.c proxy/bridge/carrier.h \
	proxy/bridge/chatgpt.c proxy/bridge/chatgpt.h \
	proxy/bridge/chatgpt_model.c proxy/bridge/chatgpt_model.h \
	proxy/bridge/content.c proxy/bridge/content.h \
	proxy/bridge/dialect.c proxy/bridge/dialect.h \
	proxy/bridge/echo.c \
	proxy/bridge/event.h \
	proxy/bridge/model.h \
	proxy/bridge/outgoing.c proxy/bridge/outgoing.h \
	proxy/bridge/pass.c proxy/bridge/pass.h \
	proxy/bridge/refused.c proxy/bridge/refused.h \
	proxy/bridge/relay.c proxy/bridge/relay.h \
	proxy/bridge/relay_state.h \
	proxy/bridge/reply.c proxy/bridge/reply.h \
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
	proxy/bridge/settings.c proxy/bridge/settings.h \
	proxy/bridge/sse.c proxy/bridge/sse.h \
	proxy/bridge/tools.c proxy/bridge/tools.h \
	proxy/bridge/tools_write.c \
	proxy/bridge/turn.c proxy/bridge/turn.h \
	proxy/bridge/usage.c proxy/bridge/usage.h \
	proxy/bridge/watch.c \
	proxy/route/adaptive.c proxy/route/adaptive.h \
	proxy/record/decisions.c proxy/record/decisions.h \
	proxy/route/affinity.c proxy/route/affinity.h \
	proxy/route/belief.c proxy/route/belief.h \
	proxy/route/breaker.c proxy/route/breaker.h \
	proxy/route/calibration.c proxy/route/calibration.h \
	proxy/route/ewma.c proxy/route/ewma.h \
	proxy/route/explain.c proxy/route/explain.h \
	proxy/route/failure.c proxy/route/failure.h proxy/route/failure_private.h \
	proxy/route/failure_reply.c \
	proxy/route/forecast.c proxy/route/forecast.h \
	proxy/route/health.c proxy/route/health.h \
	proxy/route/limit.c proxy/route/limit.h \
	proxy/route/observe.c proxy/route/observe.h \
	proxy/route/plan.c proxy/route/plan.h \
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
	proxy/upstream/login_file.c proxy/upstream/login_file.h \
	proxy/upstream/login_token.c proxy/upstream/login_token.h \
	proxy/upstream/model_list.c proxy/upstream/model_list.h \
	proxy/upstream/provider.c proxy/upstream/provider.h \
	proxy/upstream/rate_limits.c proxy/upstream/rate_limits.h

bin_PROGRAMS += proxy/pointsman-proxy
proxy_pointsman_proxy_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS) $(EVENT_CFLAGS)
proxy_pointsman_proxy_LDADD = proxy/libpure.a $(common_libs) $(CURL_LIBS) $(EVENT_LIBS) $(SECCOMP_LIBS) -lm
proxy_pointsman_proxy_SOURCES = \
	proxy/main.c \
	proxy/memory.c proxy/memory.h \
	proxy/confine.c proxy/confine.h \
	proxy/endpoints.c proxy/endpoints.h \
	proxy/exchange.c proxy/exchange.h proxy/exchange_private.h \
	proxy/exchange_call.c \
	proxy/exchange_hedge.c \
	proxy/exchange_life.c \
	proxy/exchange_outcome.c \
	proxy/exchange_reply.c \
	proxy/exchange_spending.c \
	proxy/front/client.c proxy/front/client.h proxy/front/client_private.h \
	proxy/front/client_reply.c \
	proxy/front/listener.c proxy/front/listener.h \
	proxy/generation.c proxy/generation.h \
	proxy/notify.c proxy/notify.h \
	proxy/record/journal.c proxy/record/journal.h \
	proxy/record/kept.c proxy/record/kept.h \
	proxy/report.c proxy/report.h \
	proxy/sharing.c proxy/sharing.h \
	proxy/server.c proxy/server.h \
	proxy/workers.c proxy/workers.h \
	proxy/upstream/ahead.c proxy/upstream/ahead.h \
	proxy/upstream/authorities.c proxy/upstream/authorities.h \
	proxy/upstream/outgoing_proxy.c proxy/upstream/outgoing_proxy.h \
	proxy/upstream/call.c proxy/upstream/call.h proxy/upstream/transport.h \
	proxy/upstream/call_fields.c \
	proxy/upstream/curl_call.c proxy/upstream/curl_call.h \
	proxy/upstream/curl_loop.c proxy/upstream/curl_loop.h \
	proxy/upstream/curl_options.c proxy/upstream/curl_options.h \
	proxy/upstream/loopback.c proxy/upstream/loopback.h proxy/upstream/loopback_private.h \
	proxy/upstream/loopback_reply.c \
	proxy/upstream/login.c proxy/upstream/login.h \
	proxy/upstream/login_known.c proxy/upstream/login_known.h \
	proxy/upstream/login_store.c proxy/upstream/login_store.h \
	proxy/upstream/probe.c proxy/upstream/probe.h
