/* toml_block: pure. Adds pointsman's settings to a user's TOML file and removes them again.
 *
 *     # pointsman: its own settings …            first lines: settings outside of tables
 *     model = "codex-default"
 *     # pointsman: end
 *     # pointsman kept: model = "gpt-5.5"        the user's setting of that name, set aside in place
 *     [tui]
 *     theme = "dark"
 *     # pointsman: its own settings …            last lines: tables
 *     [model_providers.cost-routing]
 *     base_url = "http://127.0.0.1:4000/v1"
 *     # pointsman: end
 *
 * toml_block_remove() restores the input of toml_block_insert() byte for byte. If the text was changed since, it
 * removes only our settings, even if a TOML editor moved them or inserted others between our marks, as Codex does. */
#ifndef POINTSMAN_CLI_TOML_BLOCK_H
#define POINTSMAN_CLI_TOML_BLOCK_H

#include "common/buf.h"

struct toml_setting {
    const char *key;   /* a bare key */
    const char *value; /* TOML, on one line */
    bool newer;        /* earlier releases did not set the user's aside: outside of our marks, only our value is ours */
};

struct toml_block {
    /* Settings outside of tables; ends with a NULL key. While the first one has our value, all of them are ours, even
     * with changed values (but see `newer`). */
    const struct toml_setting *settings;
    /* Other keys outside of tables to set aside; ends with NULL. */
    const char *const *aside;
    /* Tables, "[a.b]\nkey = value\n…", each under one of `owned`; "": none. */
    const char *tables;
    /* Two-part names of tables that belong to pointsman, with all subtables; ends with a NULL pair. */
    const char *const (*owned)[2];
};

/* Appends `text` with the block. false: the text is not valid TOML, already has our marks, or has conflicting settings;
 * one line in `why`, which begins with `name` and the line number. */
MUST_CHECK bool toml_block_insert(struct slice text, const struct toml_block *block, const char *name, struct buf *out,
                                  struct buf *why);
/* Appends `text` without the block or its remains; unchanged if it has none. If the first setting no longer has our
 * value, the user has taken over, and settings with other values than ours stay. false: the text is not valid TOML; one
 * line in `why`. */
MUST_CHECK bool toml_block_remove(struct slice text, const struct toml_block *block, const char *name, struct buf *out,
                                  struct buf *why);
/* Whether the text contains one of our marks. */
bool toml_block_marked(struct slice text);

#endif
