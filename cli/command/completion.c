/* pointsman completion: completion scripts for shells. */
#include "cli/completion.h"

#include "cli/own_config.h"
#include "cli/terminal.h"

#include <string.h>

/* The configuration's aliases, one per line. The scripts call this to complete ALIAS. */
static bool list_aliases(struct buf *out)
{
    struct buf errors;
    buf_init(&errors, 64u << 10);
    struct config *config = own_config_load(&errors);
    for (unsigned i = 0; config && i < config->group_count; i++)
        if (!config->groups[i].wildcard)
            buf_add_format(out, "%s\n", config->groups[i].alias);
    bool loaded = config != NULL;
    config_free(config);
    buf_free(&errors);
    return loaded;
}

static int run(const struct arguments *arguments)
{
    static const struct {
        const char *name;
        bool (*write)(struct buf *out);
    } rows[] = {
        {"bash", completion_bash}, {"zsh", completion_zsh},       {"fish", completion_fish},
        {"aliases", list_aliases}, {"manual", completion_manual},
    };
    struct buf out;
    bool written = false;
    buf_init(&out, 1u << 20);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].name, arguments->operands[0]) == 0)
            written = rows[i].write(&out);
    if (written)
        fwrite(out.data, 1, out.len, stdout);
    buf_free(&out);
    return written ? EXIT_OK : complain(EXIT_FAULT, "can't read the configuration: run pointsman doctor");
}

const struct command command_completion = {
    .name = "completion",
    .summary = "Print a shell completion script",
    .operands = "bash|zsh|fish",
    .operand_choices = "bash zsh fish aliases manual",
    .least = 1,
    .most = 1,
    .about = "`make install` already installs the scripts. \"aliases\" prints the configured aliases, one per line.\n"
             "\"manual\" prints the COMMANDS section of the manual page.",
    .examples = "source <(pointsman completion bash)\n"
                "pointsman completion fish >~/.config/fish/completions/pointsman.fish\n",
    .run = run,
};
