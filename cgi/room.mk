# The pure files: unit tests link them without FastCGI.
noinst_LIBRARIES += cgi/libfields.a
cgi_libfields_a_SOURCES = \
	cgi/fields.c cgi/fields.h \
	cgi/keys.c cgi/keys.h \
	cgi/live_verdict.c cgi/live_verdict.h \
	cgi/refusal.c cgi/refusal.h \
	cgi/serve_options.c cgi/serve_options.h

# What both FastCGI programs need.
noinst_LIBRARIES += cgi/libpage.a
cgi_libpage_a_CFLAGS = $(AM_CFLAGS) $(FCGI_CFLAGS) $(SODIUM_CFLAGS) $(CJSON_CFLAGS)
cgi_libpage_a_SOURCES = \
	cgi/guards.c cgi/guards.h \
	cgi/peer.c cgi/peer.h \
	cgi/reply.c cgi/reply.h \
	cgi/request.c cgi/request.h \
	cgi/template.c cgi/template.h

pkglibexec_PROGRAMS += cgi/pointsman-session cgi/pointsman-usage cgi/pointsman-web-guard.so
# Preloaded into lighttpd, which is built without sanitizers: no sanitizer flags here.
cgi_pointsman_web_guard_so_SOURCES = cgi/web_guard.c
cgi_pointsman_web_guard_so_CFLAGS = $(WARN_CFLAGS) -fPIC
cgi_pointsman_web_guard_so_LDFLAGS = -shared -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack
cgi_pointsman_session_CFLAGS = $(AM_CFLAGS) $(FCGI_CFLAGS) $(SODIUM_CFLAGS)
cgi_pointsman_session_LDADD = cgi/libpage.a cgi/libfields.a proxy/libpure.a $(common_libs) $(FCGI_LIBS) -lm
cgi_pointsman_session_SOURCES = \
	cgi/folder_watch.c cgi/folder_watch.h \
	cgi/child_setup.c cgi/child_setup.h \
	cgi/keyfile.c cgi/keyfile.h \
	cgi/live.c cgi/live.h \
	cgi/live_tables.c \
	cgi/main.c \
	cgi/variables.c cgi/variables.h \
	cgi/notify.c cgi/notify.h \
	cgi/page.c cgi/page.h \
	cgi/page_form.c cgi/page_form.h \
	cgi/page_models.c cgi/page_models.h \
	cgi/port.c cgi/port.h \
	cgi/ports.c cgi/ports.h \
	cgi/routes.c cgi/routes.h \
	cgi/runner.c cgi/runner.h \
	cgi/session.c cgi/session.h \
	cgi/settings.c cgi/settings.h \
	cgi/spawn.c cgi/spawn.h \
	cgi/started.c cgi/started.h \
	cgi/status.c cgi/status.h \
	cgi/supervisor.c cgi/supervisor.h \
	cgi/tester.c cgi/tester.h \
	cgi/child_log.c cgi/child_log.h

cgi_pointsman_usage_CFLAGS = $(AM_CFLAGS) $(FCGI_CFLAGS) $(SODIUM_CFLAGS) $(CJSON_CFLAGS)
cgi_pointsman_usage_LDADD = cgi/libpage.a cgi/libfields.a usage/libusage.a $(common_libs) $(FCGI_LIBS) $(SECCOMP_LIBS) -lm
cgi_pointsman_usage_SOURCES = \
	cgi/usage/answers.c cgi/usage/app.h \
	cgi/usage/cells.c cgi/usage/cells.h \
	cgi/usage/figures.c \
	cgi/usage/filter.c \
	cgi/usage/main.c \
	cgi/usage/range.c \
	cgi/usage/sample.c cgi/usage/sample.h \
	cgi/usage/tables.c cgi/usage/tables.h \
	cgi/usage/tables_time.c \
	cgi/usage/turn_bars.c cgi/usage/turn_bars.h \
	cgi/usage/view.c
