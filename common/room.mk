noinst_LIBRARIES += common/libcommon.a
common_libcommon_a_CFLAGS = $(AM_CFLAGS) $(SODIUM_CFLAGS) $(SECCOMP_CFLAGS) $(YAML_CFLAGS) $(CJSON_CFLAGS)
common_libcommon_a_SOURCES = \
	common/buf.c common/buf.h \
	common/canary.c common/canary.h \
	common/ceiling.c common/ceiling.h \
	common/clock.h \
	common/document.c common/document.h \
	common/fast_hash.h \
	common/file.c common/file.h \
	common/guard.c common/guard.h \
	common/harden.c common/harden.h \
	common/install_key.c common/install_key.h \
	common/json.c common/json_value.c common/json_elements.c common/json.h common/json_plain.h common/json_reader.h \
	common/jsonl.c common/jsonl.h \
	common/localhost.c common/localhost.h \
	common/log.c common/log.h \
	common/log_files.c common/log_files.h \
	common/markov.c common/markov.h \
	common/markov_json.c \
	common/markov_settings.c \
	common/mix.h \
	common/data_file.c common/data_file.h \
	common/paths.c common/paths.h \
	common/port_holder.c common/port_holder.h \
	common/replace.c common/replace.h \
	common/sandbox.c common/sandbox.h \
	common/schema.c common/schema_report.c common/schema.h \
	common/secret.c common/secret.h \
	common/signals.c common/signals.h \
	common/url.c common/url.h \
	common/yaml.c common/yaml.h \
	common/yaml_scalar.c common/yaml_scalar.h

common_libs = common/libcommon.a $(SODIUM_LIBS) $(YAML_LIBS) $(CJSON_LIBS) -lm
