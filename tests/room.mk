# Unit tests: a line here, and tests/unit/test_NAME.c. By default they link only pure code.
LDADD = proxy/libpure.a $(common_libs) $(CMOCKA_LIBS) $(ZLIB_LIBS) $(ZSTD_LIBS) -lm
noinst_HEADERS = tests/unit/unit.h tests/unit/folder.h tests/unit/key_lab.h tests/unit/admin_lab.h tests/unit/bridge.h \
	tests/unit/config_load.h \
	tests/unit/semantic_pairs.h tests/fuzz/fuzz.h

check_PROGRAMS += \
	tests/unit/test_adaptive \
	tests/unit/test_admin \
	tests/unit/test_admit \
	tests/unit/test_arguments \
	tests/unit/test_buf \
	tests/unit/test_bridge_limits \
	tests/unit/test_cache_hint \
	tests/unit/test_breakpoints \
	tests/unit/test_canary \
	tests/unit/test_calls \
	tests/unit/test_cache_store \
	tests/unit/test_canonical \
	tests/unit/test_carrier \
	tests/unit/test_ceiling \
	tests/unit/test_child \
	tests/unit/test_child_log \
	tests/unit/test_client_name \
	tests/unit/test_catalog \
	tests/unit/test_chatgpt \
	tests/unit/test_classify \
	tests/unit/test_clean \
	tests/unit/test_coding \
	tests/unit/test_command \
	tests/unit/test_config \
	tests/unit/test_config_entries \
	tests/unit/test_config_policies \
	tests/unit/test_error_rules \
	tests/unit/test_config_providers \
	tests/unit/test_config_routing \
	tests/unit/test_document \
	tests/unit/test_explain \
	tests/unit/test_failure \
	tests/unit/test_failure_patterns \
	tests/unit/test_fields \
	tests/unit/test_finish \
	tests/unit/test_refusals \
	tests/unit/test_omissions \
	tests/unit/test_calibration \
	tests/unit/test_file \
	tests/unit/test_foreground \
	tests/unit/test_forecast \
	tests/unit/test_gateway \
	tests/unit/test_guard \
	tests/unit/test_harden \
	tests/unit/test_heads \
	tests/unit/test_health \
	tests/unit/test_http_parse \
	tests/unit/test_install_key \
	tests/unit/test_journal \
	tests/unit/test_log_files \
	tests/unit/test_json \
	tests/unit/test_json_value \
	tests/unit/test_saved_state \
	tests/unit/test_keys \
	tests/unit/test_live_verdict \
	tests/unit/test_key_calls \
	tests/unit/test_key_gate \
	tests/unit/test_key_models \
	tests/unit/test_key_periods \
	tests/unit/test_key_rate \
	tests/unit/test_key_sharing \
	tests/unit/test_key_table \
	tests/unit/test_lease \
	tests/unit/test_local_http \
	tests/unit/test_localhost \
	tests/unit/test_login \
	tests/unit/test_loopback \
	tests/unit/test_login_file \
	tests/unit/test_login_store \
	tests/unit/test_markov \
	tests/unit/test_markov_settings \
	tests/unit/test_stream_types \
	tests/unit/test_memory \
	tests/unit/test_model_list \
	tests/unit/test_notify \
	tests/unit/test_observe \
	tests/unit/test_paths \
	tests/unit/test_plan \
	tests/unit/test_port_holder \
	tests/unit/test_known \
	tests/unit/test_price_list \
	tests/unit/test_price_table \
	tests/unit/test_prefix \
	tests/unit/test_prices \
	tests/unit/test_profile \
	tests/unit/test_profile_text \
	tests/unit/test_provider \
	tests/unit/test_rate_limits \
	tests/unit/test_relay \
	tests/unit/test_retry \
	tests/unit/test_request_guards \
	tests/unit/test_run_plan \
	tests/unit/test_schema \
	tests/unit/test_seal \
	tests/unit/test_semantic \
	tests/unit/test_secret \
	tests/unit/test_segments \
	tests/unit/test_lighttpd_files \
	tests/unit/test_share \
	tests/unit/test_start_keys \
	tests/unit/test_spending \
	tests/unit/test_url \
	tests/unit/test_variables \
	tests/unit/test_sse \
	tests/unit/test_toml_block \
	tests/unit/test_strategy \
	tests/unit/test_turn \
	tests/unit/test_usage \
	tests/unit/test_usage_fold \
	tests/unit/test_watch \
	tests/unit/test_yaml

# A build with AddressSanitizer has no sandbox, because the sanitizer inspects its own process; `./check dist` tests it.
if SANDBOX
check_PROGRAMS += tests/unit/test_sandbox
endif

tests_unit_test_buf_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=realloc
tests_unit_test_document_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=realloc
tests_unit_test_key_sharing_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
tests_unit_test_admin_LDADD = proxy/libkeys.a $(LDADD) $(SQLITE_LIBS)
# The request log is not pure: its test compiles it.
tests_unit_test_journal_SOURCES = tests/unit/test_journal.c proxy/record/journal.c proxy/record/journal_line.c
tests_unit_test_saved_state_SOURCES = tests/unit/test_saved_state.c proxy/record/saved_state.c
tests_unit_test_memory_SOURCES = tests/unit/test_memory.c proxy/serve/memory.c
# The same for files; their system calls are wrapped, so that the test can interrupt the writer at each of them.
tests_unit_test_login_store_SOURCES = tests/unit/test_login_store.c proxy/upstream/login_store.c
tests_unit_test_login_store_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=open,--wrap=write,--wrap=fsync,--wrap=rename
# The login without the network: the test replaces the upstream calls, and wraps flock() to act between two steps.
tests_unit_test_login_SOURCES = tests/unit/test_login.c proxy/upstream/login.c proxy/upstream/login_known.c \
	proxy/upstream/login_store.c
tests_unit_test_login_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=flock
tests_unit_test_login_LDADD = $(LDADD) $(EVENT_LIBS)
tests_unit_test_loopback_SOURCES = tests/unit/test_loopback.c proxy/upstream/loopback.c proxy/upstream/loopback_reply.c
tests_unit_test_loopback_LDADD = $(LDADD) $(EVENT_LIBS)
tests_unit_test_sandbox_SOURCES = tests/unit/test_sandbox.c
tests_unit_test_sandbox_CFLAGS = $(AM_CFLAGS) $(SECCOMP_CFLAGS)
tests_unit_test_sandbox_LDADD = $(LDADD) $(SECCOMP_LIBS)
tests_unit_test_fields_LDADD = cgi/libfields.a proxy/libpure.a $(common_libs) $(CMOCKA_LIBS) -lm
tests_unit_test_keys_LDADD = $(tests_unit_test_fields_LDADD)
tests_unit_test_live_verdict_LDADD = $(tests_unit_test_fields_LDADD)
tests_unit_test_child_log_SOURCES = tests/unit/test_child_log.c cgi/child_log.c
tests_unit_test_notify_SOURCES = tests/unit/test_notify.c cgi/notify.c
tests_unit_test_request_guards_SOURCES = tests/unit/test_request_guards.c cgi/guards.c
tests_unit_test_request_guards_CFLAGS = $(AM_CFLAGS) $(FCGI_CFLAGS)
tests_unit_test_request_guards_LDADD = $(tests_unit_test_fields_LDADD)
tests_unit_test_usage_fold_LDADD = usage/libusage.a $(common_libs) $(CMOCKA_LIBS) -lm
# Tests of the command link everything except its main().
tests_unit_test_command_LDADD = $(cli_libs) $(CMOCKA_LIBS) -lm
tests_unit_test_price_list_LDADD = $(tests_unit_test_command_LDADD)
tests_unit_test_child_LDADD = $(tests_unit_test_command_LDADD)
tests_unit_test_classify_LDADD = $(tests_unit_test_command_LDADD)
tests_unit_test_foreground_LDADD = $(tests_unit_test_command_LDADD)
tests_unit_test_run_plan_LDADD = $(tests_unit_test_command_LDADD)
tests_unit_test_clean_LDADD = $(tests_unit_test_command_LDADD)
tests_unit_test_gateway_LDADD = $(tests_unit_test_command_LDADD)
tests_unit_test_local_http_LDADD = $(tests_unit_test_command_LDADD)
tests_unit_test_lighttpd_files_LDADD = $(tests_unit_test_command_LDADD)
tests_unit_test_start_keys_LDADD = $(tests_unit_test_command_LDADD)
tests_unit_test_lease_LDADD = $(tests_unit_test_command_LDADD)
tests_unit_test_profile_LDADD = $(tests_unit_test_command_LDADD)
tests_unit_test_profile_text_LDADD = $(tests_unit_test_command_LDADD)
tests_unit_test_toml_block_LDADD = $(tests_unit_test_command_LDADD)

# Run by ./check, with Python.
EXTRA_DIST += tests/corpus tests/pytest.ini tests/requirements.txt tests/tally.py tests/integration tests/support tests/README.md tests/browser tests/long \
	tests/mutation tests/costs tests/faults tests/fuzz/run tests/fuzz/corpus tools .ci

# Removes each guard in turn. Run ./check first: this uses its tools.
mutation:
	$(srcdir)/tests/mutation/run

# Tests of ./check at full length: minutes each.
torture soak:
	POINTSMAN_BUILD=$(abs_builddir) $(srcdir)/tests/long/run $@

# libFuzzer on each target, FUZZ_SECONDS each. Needs clang.
fuzz:
	$(srcdir)/tests/fuzz/run
.PHONY: mutation torture soak fuzz

# Fuzz targets, run on their seeds and on mutated copies.
check_PROGRAMS += \
	tests/fuzz/fuzz_admin \
	tests/fuzz/fuzz_canonical \
	tests/fuzz/fuzz_coding \
	tests/fuzz/fuzz_config \
	tests/fuzz/fuzz_fields \
	tests/fuzz/fuzz_guards \
	tests/fuzz/fuzz_http \
	tests/fuzz/fuzz_json \
	tests/fuzz/fuzz_keys \
	tests/fuzz/fuzz_login \
	tests/fuzz/fuzz_markov \
	tests/fuzz/fuzz_notify \
	tests/fuzz/fuzz_policy \
	tests/fuzz/fuzz_prices \
	tests/fuzz/fuzz_prompt \
	tests/fuzz/fuzz_reply \
	tests/fuzz/fuzz_request \
	tests/fuzz/fuzz_sse \
	tests/fuzz/fuzz_toml
tests_fuzz_fuzz_admin_SOURCES = tests/fuzz/fuzz_admin.c tests/fuzz/replay.c
tests_fuzz_fuzz_admin_LDADD = $(tests_unit_test_admin_LDADD)
tests_fuzz_fuzz_canonical_SOURCES = tests/fuzz/fuzz_canonical.c tests/fuzz/replay.c
tests_fuzz_fuzz_coding_SOURCES = tests/fuzz/fuzz_coding.c tests/fuzz/replay.c
tests_fuzz_fuzz_config_SOURCES = tests/fuzz/fuzz_config.c tests/fuzz/replay.c
tests_fuzz_fuzz_fields_SOURCES = tests/fuzz/fuzz_fields.c tests/fuzz/replay.c
tests_fuzz_fuzz_fields_LDADD = $(tests_unit_test_fields_LDADD)
tests_fuzz_fuzz_guards_SOURCES = tests/fuzz/fuzz_guards.c tests/fuzz/replay.c
tests_fuzz_fuzz_http_SOURCES = tests/fuzz/fuzz_http.c tests/fuzz/replay.c
tests_fuzz_fuzz_json_SOURCES = tests/fuzz/fuzz_json.c tests/fuzz/replay.c
tests_fuzz_fuzz_keys_SOURCES = tests/fuzz/fuzz_keys.c tests/fuzz/replay.c
tests_fuzz_fuzz_login_SOURCES = tests/fuzz/fuzz_login.c tests/fuzz/replay.c
tests_fuzz_fuzz_markov_SOURCES = tests/fuzz/fuzz_markov.c tests/fuzz/replay.c
tests_fuzz_fuzz_notify_SOURCES = tests/fuzz/fuzz_notify.c tests/fuzz/replay.c cgi/notify.c
tests_fuzz_fuzz_policy_SOURCES = tests/fuzz/fuzz_policy.c tests/fuzz/replay.c
tests_fuzz_fuzz_policy_LDADD = $(cli_libs) -lm
tests_fuzz_fuzz_prices_SOURCES = tests/fuzz/fuzz_prices.c tests/fuzz/replay.c
tests_fuzz_fuzz_prices_LDADD = $(cli_libs) -lm
tests_fuzz_fuzz_prompt_SOURCES = tests/fuzz/fuzz_prompt.c tests/fuzz/replay.c
tests_fuzz_fuzz_prompt_LDADD = $(cli_libs) -lm
tests_fuzz_fuzz_reply_SOURCES = tests/fuzz/fuzz_reply.c tests/fuzz/replay.c
tests_fuzz_fuzz_request_SOURCES = tests/fuzz/fuzz_request.c tests/fuzz/replay.c
tests_fuzz_fuzz_sse_SOURCES = tests/fuzz/fuzz_sse.c tests/fuzz/replay.c
tests_fuzz_fuzz_toml_SOURCES = tests/fuzz/fuzz_toml.c tests/fuzz/replay.c
tests_fuzz_fuzz_toml_LDADD = $(cli_libs) -lm
