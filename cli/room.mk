# Everything except main() is in a library, so that unit tests can link it.
noinst_LIBRARIES += cli/libcli.a
cli_libcli_a_CFLAGS = $(AM_CFLAGS) $(SODIUM_CFLAGS) $(UTF8PROC_CFLAGS)
cli_libcli_a_SOURCES = \
	cli/arguments.c cli/command.h cli/exit.h \
	cli/ask.c cli/ask.h \
	cli/child.c cli/child.h \
	cli/columns.c cli/columns.h \
	cli/codex.c cli/codex.h \
	cli/codex_catalog.c cli/codex_catalog.h \
	cli/command/completion.c \
	cli/command/doctor.c \
	cli/command/codex.c \
	cli/command/disable.c \
	cli/command/enable.c \
	cli/command/key.c \
	cli/command/prices.c \
	cli/command/qwen.c \
	cli/command/restart.c \
	cli/command/exec.c \
	cli/command/explain.c \
	cli/command/history.c \
	cli/command/run.c \
	cli/command/stats.c \
	cli/command/start.c \
	cli/command/status.c \
	cli/command/stop.c \
	cli/command/test.c \
	cli/command/top.c \
	cli/command/usage.c \
	cli/command/keys.c \
	cli/command/web.c \
	cli/commands.c cli/commands.h \
	cli/completion.c cli/completion.h \
	cli/completion_manual.c \
	cli/completion_zsh.c \
	cli/doctor.c cli/doctor.h \
	cli/doctor_session.c \
	cli/foreground.c cli/foreground.h \
	cli/keys_table.c cli/keys_table.h \
	cli/gateway.c cli/gateway.h \
	cli/help.c cli/help.h \
	cli/lease.c cli/lease.h \
	cli/local_http.c cli/local_http.h \
	cli/ollama.c cli/ollama.h \
	cli/ollama_setup.c cli/ollama_setup.h \
	cli/own_config.c cli/own_config.h \
	cli/locate.c cli/locate.h \
	cli/profile.c cli/profile.h \
	cli/profile_catalog.c cli/profile_catalog.h \
	cli/profile_disk.c cli/profile_disk.h \
	cli/profile_undo.c cli/profile_undo.h \
	cli/profile_text.c cli/profile_text.h \
	cli/processes.c cli/processes.h \
	cli/price_list.c cli/price_list.h \
	cli/price_list_model.c cli/price_list_model.h \
	cli/price_update.c cli/price_update.h \
	cli/prices.c cli/prices.h \
	cli/progress.c cli/progress.h \
	cli/run/adaptive.c cli/run/adaptive.h \
	cli/routed.c cli/routed.h \
	cli/run/classify.c cli/run/classify.h \
	cli/run/clean.c cli/run/clean.h cli/run/clean_private.h \
	cli/run/clean_log.c \
	cli/run/lines.c cli/run/lines.h \
	cli/run/codex_arguments.c cli/run/codex_arguments.h \
	cli/run/execute.c \
	cli/run/job.c cli/run/job.h \
	cli/run/log_line.c \
	cli/run/models.c cli/run/models.h \
	cli/run/history.c cli/run/history.h \
	cli/run/plan.c cli/run/plan.h \
	cli/run/run_log.c cli/run/run_log.h \
	cli/run/subject.c cli/run/subject.h \
	cli/run/request_log.c cli/run/request_log.h \
	cli/run/run_settings.c cli/run/run_settings.h \
	cli/run/show.c \
	cli/run/spans.c cli/run/spans.h \
	cli/run/stats.c cli/run/stats.h \
	cli/run/terms.c \
	cli/run/truncate.c \
	cli/run/fold.c cli/run/fold.h \
	cli/lighttpd.c cli/lighttpd.h \
	cli/lighttpd_files.c cli/lighttpd_files.h \
	cli/session_client.c cli/session_client.h \
	cli/top_screen.c cli/top_screen.h \
	cli/usage_table.c cli/usage_table.h \
	cli/usage_turns.c cli/usage_turns.h \
	cli/unresponsive.c cli/unresponsive.h \
	cli/start.c cli/start.h \
	cli/start_arguments.c cli/start_arguments.h \
	cli/start_keys.c cli/start_keys.h \
	cli/table.c cli/table.h \
	cli/toml_block.c cli/toml_block.h \
	cli/toml_scan.c cli/toml_scan.h \
	cli/terminal.c cli/terminal.h
cli_libs = cli/libcli.a usage/libusage.a proxy/libpure.a $(common_libs) $(UTF8PROC_LIBS)

bin_PROGRAMS += cli/pointsman
cli_pointsman_SOURCES = cli/main.c
cli_pointsman_LDADD = $(cli_libs) -lm

# The folders and file names that the shells expect.
bashcompletiondir = $(datadir)/bash-completion/completions
nodist_bashcompletion_DATA = cli/shell/bash/pointsman
zshcompletiondir = $(datadir)/zsh/site-functions
nodist_zshcompletion_DATA = cli/shell/zsh/_pointsman
fishcompletiondir = $(datadir)/fish/vendor_completions.d
nodist_fishcompletion_DATA = cli/shell/fish/pointsman.fish
completion_scripts = $(nodist_bashcompletion_DATA) $(nodist_zshcompletion_DATA) $(nodist_fishcompletion_DATA)
CLEANFILES += $(completion_scripts)
$(completion_scripts): cli/pointsman$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) $(@D) && cli/pointsman completion $$(basename $(@D)) >$@.new && mv $@.new $@
