# doc
dist_doc_DATA = doc/adaptive.md doc/bridge.md doc/codex-oauth.md doc/configuration.md doc/dispatch.md doc/journal.md \
	doc/routing-policy.md doc/session-api.md
EXTRA_DIST += doc/page-light.png doc/page-dark.png
