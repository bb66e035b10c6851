/* toml_block: our settings in a TOML file that belongs to somebody else: put in, and taken out again. Pure.
 *
 *     # pointsman: its own settings …            the first lines: settings that must stand before any table
 *     model = "codex-default"
 *     # pointsman: end
 *     # pointsman kept: model = "gpt-5.5"        the owner's setting of that name, set aside where it stood
 *     [tui]
 *     theme = "dark"
 *     # pointsman: its own settings …            the last lines: tables
 *     [model_providers.cost-routing]
 *     base_url = "http://127.0.0.1:4000/v1"
 *     # pointsman: end
 *
 * toml_block_remove() of what toml_block_insert() made is the former text, byte for byte. It also takes our settings
 * out of a text that was changed since, wherever an editor of TOML moved them or its own additions (Codex puts a new
 * setting after ours, before the mark that ends them): the rest stays as it is. */
#ifndef POINTSMAN_CLI_TOML_BLOCK_H
#define POINTSMAN_CLI_TOML_BLOCK_H

#include "common/buf.h"

struct toml_setting {
    const char *key;   /* a bare key */
    const char *value; /* as TOML, on one line */
    bool newer;        /* earlier releases did not set the owner's aside: outside of our marks only our value is ours */
};

struct toml_block {
    /* Outside of tables; ends with a NULL key. While the first one has our value, all of them count as ours, whatever
     * became of the others' values (but see `newer`). */
    const struct toml_setting *settings;
    /* Further keys outside of tables that are set aside while our settings are there; ends with NULL. */
    const char *const *aside;
    /* Lines of tables, "[a.b]\nkey = value\n…", all of them under one of `owned`; "" for none. */
    const char *tables;
    /* Names of tables of two parts that are ours alone, with all below them; ends with a NULL pair. */
    const char *const (*owned)[2];
};

/* Appends `text` with the block. false with a sentence in `why` (it begins with the file's `name` and line): the text
 * can't be taken apart, has our marks already, or settings that would clash with ours. */
MUST_CHECK bool toml_block_insert(struct slice text, const struct toml_block *block, const char *name, struct buf *out,
                                  struct buf *why);
/* Appends `text` without the block, whole or in parts, or as it is where nothing of ours is in it. Where the
 * first setting has not our value any more, the owner has taken over: settings whose values are not ours stay. false
 * with a sentence in `why`: the text can't be taken apart. */
MUST_CHECK bool toml_block_remove(struct slice text, const struct toml_block *block, const char *name, struct buf *out,
                                  struct buf *why);
/* Whether there is a mark of ours in it. */
bool toml_block_marked(struct slice text);

#endif
