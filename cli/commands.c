/* The table of subcommands. */
#include "cli/commands.h"

#include <string.h>

extern const struct command command_run, command_exec, command_history, command_stats, command_explain;
extern const struct command command_start, command_stop, command_restart, command_status, command_web, command_key;
extern const struct command command_test, command_qwen, command_doctor, command_prices, command_completion;
extern const struct command command_codex, command_enable, command_disable, command_usage, command_top, command_keys;

const struct command *const commands[] = {
    &command_run,
    &command_exec,
    &command_history,
    &command_stats,
    &command_explain,
    &command_start,
    &command_stop,
    &command_restart,
    &command_status,
    &command_web,
    &command_key,
    &command_test,
    &command_qwen,
    &command_doctor,
    &command_prices,
    &command_completion,
    &command_codex,
    &command_enable,
    &command_disable,
    &command_usage,
    &command_top,
    &command_keys,
    NULL,
};

const struct command *command_find(const char *name)
{
    for (unsigned i = 0; commands[i]; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}
