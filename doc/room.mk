dist_doc_DATA = doc/README.md doc/adaptive.md doc/aliases.md doc/caching.md doc/chatgpt-login.md doc/codex.md doc/configuration-by-example.md \
	doc/configuration.md doc/faq.md doc/observability.md doc/page-dark.png doc/page-light.png doc/performance.md \
	doc/performance.svg doc/prices.md doc/providers.md doc/refusals.md doc/routed-runs.md doc/routing.md doc/running-the-proxy.md doc/session-api.md \
	doc/troubleshooting.md doc/usage-dark.png doc/usage-light.png
internalsdir = $(docdir)/internals
dist_internals_DATA = doc/internals/bridge.md doc/internals/security-figures.md doc/internals/workers.md

# The command itself writes the section COMMANDS of pointsman(1).
dist_man_MANS = doc/man/pointsman-proxy.8 doc/man/pointsman-session.8
nodist_man_MANS = doc/man/pointsman.1
EXTRA_DIST += doc/man/pointsman.1.in
CLEANFILES += doc/man/pointsman.1 doc/man/commands.new
doc/man/pointsman.1: doc/man/pointsman.1.in cli/pointsman$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) doc/man && cli/pointsman completion manual >doc/man/commands.new && \
		sed -e '/@COMMANDS@/{' -e 'r doc/man/commands.new' -e 'd' -e '}' $(srcdir)/doc/man/pointsman.1.in >$@ && \
		rm -f doc/man/commands.new
