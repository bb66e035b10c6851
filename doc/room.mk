# doc
dist_doc_DATA = doc/configuration.md doc/journal.md doc/session-api.md
