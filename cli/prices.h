/* prices: what is known of models, and from where: for `pointsman prices`. */
#ifndef POINTSMAN_CLI_PRICES_H
#define POINTSMAN_CLI_PRICES_H

#include "common/document.h"
#include "proxy/config/price_table.h"

/* A model of the configuration, or of the table. Strings are borrowed. */
struct price_view {
    const struct deployment *deployment; /* NULL: from the table only */
    struct slice name;                   /* the deployment's id, or the table's key */
    struct slice model;                  /* LiteLLM's `model`, or the table's key */
    struct slice row;                    /* key in the table; empty: none */
    struct price price;
    const struct price_tier *tiers;
    unsigned tier_count;
    unsigned known;                              /* set of enum known_value */
    int64_t max_input_tokens, max_output_tokens; /* 0: unknown */
    unsigned has, lacks;                         /* as in struct price_row */
    struct price_row of_table;                   /* `tiers` and `row` may point into it */
};

/* Sets the view of a deployment; looks up in the table what the configuration does not keep. */
void price_view_deployment(struct price_view *v, const struct deployment *d, struct price_table *table);
/* Sets the view of a row. */
void price_view_row(struct price_view *v, const struct price_row *row);
/* Where its prices are from: "configuration", "table", "configuration, table", "unknown"; and why, if unknown. */
void price_view_source(const struct price_view *v, struct buf *out);
/* Adds the view to an array. */
void price_view_add(const struct price_view *v, struct container models);

#endif
