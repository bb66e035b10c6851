/* pure. What the table of prices knows of a deployment, for values that the configuration does not give. */
#include "proxy/config/price_table.h"
#include "proxy/config/private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_price(double p)
{
    return !isnan(p);
}

/* Opens the table when the first deployment needs it. */
static bool is_open(struct config_loader *l)
{
    struct buf why;
    if (l->prices_tried)
        return l->prices != NULL;
    l->prices_tried = true;
    struct price_table *t = calloc(1, sizeof *t);
    buf_init(&why, 1024);
    if (t && price_table_open(t, l->options->price_table, &why)) {
        l->prices = t;
    } else {
        if (!t || t->no_memory)
            config_no_memory(l);
        else
            config_warn(l, 0, "no prices of known models: %s: run `pointsman prices --reset`", buf_message(&why));
        if (t)
            price_table_close(t);
        free(t);
    }
    buf_free(&why);
    return l->prices != NULL;
}

void config_close_prices(struct config_loader *l)
{
    if (!l->prices)
        return;
    if (l->prices->damaged)
        config_warn(l, 0, "%s: damaged: some models have no price: run `pointsman prices --reset`", l->prices->path);
    price_table_close(l->prices);
    free(l->prices);
    l->prices = NULL;
}

/* The row that base_model names: of its own provider, else of the deployment's, else OpenAI's. */
static bool find_base_model(struct config_loader *l, const struct deployment_source *s, struct deployment *d,
                            struct price_row *row)
{
    const char *name = s->base_model.text;
    const struct provider *named;
    struct buf rest;
    bool found = price_table_model(l->prices, d->provider, slice_of(name), row);
    buf_init(&rest, PRICE_KEY_MAX);
    if (!found && provider_resolve(name, &named, &rest))
        found = price_table_model(l->prices, named, buf_slice(&rest), row);
    bool no_memory = rest.failed && !rest.full;
    buf_free(&rest);
    if (no_memory)
        config_no_memory(l);
    else if (!found)
        config_warn(l, s->base_model.line, "base_model: \"%.100s\" is not in the table of prices", name);
    return found;
}

static bool find(struct config_loader *l, const struct deployment_source *s, struct deployment *d,
                 struct price_row *row)
{
    bool home = provider_is_at_home(d->provider, d->api_base) && !d->provider->subscription;
    if (!l->options->price_table || (!home && !s->base_model.text) || strchr(d->upstream_model, '*') || !is_open(l))
        return false;
    return s->base_model.text ? find_base_model(l, s, d, row)
                              : price_table_model(l->prices, d->provider, slice_of(d->upstream_model), row);
}

/* Whether the file has tiers of the price at that offset. */
static bool has_tier(const struct deployment *d, size_t offset)
{
    for (unsigned i = 0; i < d->tier_count; i++)
        if (is_price(*(const double *)((const char *)&d->tiers[i].price + offset)))
            return true;
    return false;
}

static void fill_price(struct deployment *d, double *price, double known, enum known_value field)
{
    if (is_price(*price) || !is_price(known))
        return;
    *price = known;
    d->known |= field;
}

/* Prices that depend on a price of the configuration are not taken from the table: a cache read of a model that costs
 * nothing costs nothing. */
static bool fill_prices(struct config_loader *l, struct deployment *d, const struct price_row *row)
{
    bool input = !is_price(d->price.input), output = !is_price(d->price.output);
    bool input_tiers = input && !has_tier(d, offsetof(struct price, input));
    bool output_tiers = output && !has_tier(d, offsetof(struct price, output));
    if (input) {
        fill_price(d, &d->price.cached_input, row->price.cached_input, KNOWN_CACHE_READ);
        fill_price(d, &d->price.cache_write, row->price.cache_write, KNOWN_CACHE_WRITE);
        fill_price(d, &d->price.input, row->price.input, KNOWN_INPUT);
    }
    if (output) {
        fill_price(d, &d->price.reasoning, row->price.reasoning, KNOWN_REASONING);
        fill_price(d, &d->price.output, row->price.output, KNOWN_OUTPUT);
    }
    for (unsigned i = 0; (input_tiers || output_tiers) && i < row->tier_count; i++) {
        const struct price *known = &row->tiers[i].price;
        struct price *tier = config_tier(l, d, row->tiers[i].above, d->line);
        if (!tier)
            return false;
        if (input_tiers) {
            fill_price(d, &tier->input, known->input, KNOWN_TIERS);
            fill_price(d, &tier->cached_input, known->cached_input, KNOWN_TIERS);
            fill_price(d, &tier->cache_write, known->cache_write, KNOWN_TIERS);
        }
        if (output_tiers) {
            fill_price(d, &tier->output, known->output, KNOWN_TIERS);
            fill_price(d, &tier->reasoning, known->reasoning, KNOWN_TIERS);
        }
    }
    return true;
}

bool config_known(struct config_loader *l, const struct deployment_source *s, struct deployment *d)
{
    struct price_row row;
    if (!find(l, s, d, &row))
        return true;
    d->known_as = strndup(row.key.ptr, row.key.len);
    if (!d->known_as) {
        config_no_memory(l);
        return false;
    }
    if (d->max_input_tokens < 0 && row.max_input_tokens) {
        d->max_input_tokens = row.max_input_tokens;
        d->known |= KNOWN_WINDOW;
    }
    for (unsigned k = 0; k < ABILITY_COUNT; k++)
        if (PRICE_ABILITIES[k].bit <= CAPABILITY_FORMAT && !yaml_get(s->info, PRICE_ABILITIES[k].key))
            d->lacks |= row.lacks & PRICE_ABILITIES[k].bit;
    return fill_prices(l, d, &row);
}
