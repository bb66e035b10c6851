# What is pure stands in a library of its own: unit tests, fuzzers and the simulator link it without any loop.
noinst_LIBRARIES += proxy/libpure.a
proxy_libpure_a_SOURCES = \
	proxy/wire.h \
	proxy/config.c proxy/config.h \
	proxy/front/admit.c proxy/front/admit.h \
	proxy/front/answers.c proxy/front/answers.h \
	proxy/front/http_parse.c proxy/front/http_parse.h \
	proxy/front/model_request.c proxy/front/model_request.h \
	proxy/bridge/sse.c proxy/bridge/sse.h \
	proxy/route/failure.c proxy/route/failure.h \
	proxy/route/health.c proxy/route/health.h \
	proxy/route/plan.c proxy/route/plan.h \
	proxy/upstream/provider.c proxy/upstream/provider.h

bin_PROGRAMS += proxy/pointsman-proxy
proxy_pointsman_proxy_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS) $(EVENT_CFLAGS)
proxy_pointsman_proxy_LDADD = proxy/libpure.a $(common_libs) $(CURL_LIBS) $(EVENT_LIBS) -lm
proxy_pointsman_proxy_SOURCES = \
	proxy/main.c \
	proxy/exchange.c proxy/exchange.h \
	proxy/front/client.c proxy/front/client.h \
	proxy/front/listener.c proxy/front/listener.h \
	proxy/notify.c proxy/notify.h \
	proxy/record/journal.c proxy/record/journal.h \
	proxy/server.c proxy/server.h \
	proxy/upstream/call.c proxy/upstream/call.h \
	proxy/upstream/curl_loop.c proxy/upstream/curl_loop.h \
	proxy/upstream/probe.c proxy/upstream/probe.h
