/* What is known of models, and from where. */
#include "cli/prices.h"

#include <math.h>

#define PRICES_KNOWN (KNOWN_INPUT | KNOWN_OUTPUT | KNOWN_CACHE_READ | KNOWN_CACHE_WRITE | KNOWN_REASONING)

static const struct {
    const char *key;
    size_t offset;
    enum known_value known;
} FIELDS[] = {
    {"input_cost_per_token", offsetof(struct price, input), KNOWN_INPUT},
    {"output_cost_per_token", offsetof(struct price, output), KNOWN_OUTPUT},
    {"cache_read_input_token_cost", offsetof(struct price, cached_input), KNOWN_CACHE_READ},
    {"cache_creation_input_token_cost", offsetof(struct price, cache_write), KNOWN_CACHE_WRITE},
    {"output_cost_per_reasoning_token", offsetof(struct price, reasoning), KNOWN_REASONING},
};
#define FIELD_COUNT (sizeof FIELDS / sizeof *FIELDS)

static double price_of(const struct price *p, size_t field)
{
    double value;
    memcpy(&value, (const char *)p + FIELDS[field].offset, sizeof value);
    return value;
}

void price_view_row(struct price_view *v, const struct price_row *row)
{
    *v = (struct price_view){.name = row->key,
                             .model = row->key,
                             .row = row->key,
                             .price = row->price,
                             .tier_count = row->tier_count,
                             .known = PRICES_KNOWN | KNOWN_TIERS | KNOWN_WINDOW,
                             .max_input_tokens = row->max_input_tokens,
                             .max_output_tokens = row->max_output_tokens,
                             .has = row->has,
                             .lacks = row->lacks,
                             .of_table = *row};
    v->tiers = v->of_table.tiers;
}

void price_view_deployment(struct price_view *v, const struct deployment *d, struct price_table *table)
{
    *v = (struct price_view){.deployment = d,
                             .name = slice_of(d->id),
                             .model = slice_of(d->model),
                             .price = d->price,
                             .tiers = d->tiers,
                             .tier_count = d->tier_count,
                             .known = d->known,
                             .max_input_tokens = d->max_input_tokens,
                             .lacks = d->lacks};
    if (d->known_as && table && price_table_find(table, slice_of(d->known_as), &v->of_table)) {
        v->row = slice_of(d->known_as);
        v->max_output_tokens = v->of_table.max_output_tokens;
        v->has = v->of_table.has & ~d->lacks;
        v->lacks |= v->of_table.lacks & ~(unsigned)(CAPABILITY_TOOLS | CAPABILITY_IMAGES | CAPABILITY_FORMAT);
    }
}

/* Why a deployment without prices has none. */
static const char *reason(const struct deployment *d)
{
    if (d->provider->kind == PROVIDER_ECHO)
        return "";
    if (d->provider->subscription)
        return ": a subscription";
    if (d->provider->local)
        return ": a server of your own";
    if (strchr(d->upstream_model, '*'))
        return ": a wildcard";
    if (!provider_is_at_home(d->provider, d->api_base) && d->provider->wires)
        return ": another server: set model_info.base_model, or its prices";
    return ": not in the table: set its prices in model_info";
}

void price_view_source(const struct price_view *v, struct buf *out)
{
    bool table = v->known & (PRICES_KNOWN | KNOWN_TIERS), own = v->tier_count && !(v->known & KNOWN_TIERS);
    for (size_t i = 0; i < FIELD_COUNT; i++)
        own = own || (!isnan(price_of(&v->price, i)) && !(v->known & FIELDS[i].known));
    if (!own && !table)
        buf_add_format(out, "unknown%s", v->deployment ? reason(v->deployment) : "");
    else
        buf_add_format(out, "%s%s%s", own ? "configuration" : "", own && table ? ", " : "", table ? "table" : "");
    if (table && v->deployment && v->row.len && !slice_is_nocase(v->model, v->deployment->known_as))
        buf_add_format(out, " (%.*s)", SLICE_ARGS(v->row));
    if (v->deployment && v->deployment->cost_discount > 0)
        buf_add_format(out, ", %g %% off", 100 * v->deployment->cost_discount);
    if (v->deployment && v->deployment->cost_margin > 0)
        buf_add_format(out, ", %g %% added", 100 * v->deployment->cost_margin);
}

static void add_prices(const struct price *price, struct container in)
{
    for (size_t i = 0; i < FIELD_COUNT; i++)
        if (!isnan(price_of(price, i)))
            document_add_number(in, FIELDS[i].key, price_of(price, i), 12);
}

static void add_from(const struct price_view *v, struct container in)
{
    struct container from = document_add_object(in, "from");
    for (size_t i = 0; i < FIELD_COUNT; i++)
        if (!isnan(price_of(&v->price, i)))
            document_add_text(from, FIELDS[i].key, v->known & FIELDS[i].known ? "table" : "configuration");
    if (v->tier_count)
        document_add_text(from, "tiers", v->known & KNOWN_TIERS ? "table" : "configuration");
    if (v->max_input_tokens)
        document_add_text(from, "max_input_tokens", v->known & KNOWN_WINDOW ? "table" : "configuration");
}

static void add_abilities(struct container in, const char *key, unsigned set)
{
    struct container list = document_add_array(in, key);
    for (unsigned k = 0; k < ABILITY_COUNT; k++)
        if (set & PRICE_ABILITIES[k].bit)
            document_add_text(list, NULL, PRICE_ABILITIES[k].name);
}

void price_view_add(const struct price_view *v, struct container models)
{
    struct container m = document_add_object(models, NULL);
    const struct deployment *d = v->deployment;
    document_add_text(m, "deployment", d ? d->id : NULL);
    document_add_text(m, "alias", d ? d->alias : NULL);
    document_add_slice(m, "model", v->model);
    if (v->row.len)
        document_add_slice(m, "row", v->row);
    else
        document_add_null(m, "row");
    add_prices(&v->price, m);
    struct container tiers = document_add_array(m, "tiers");
    for (unsigned i = 0; i < v->tier_count; i++) {
        struct container tier = document_add_object(tiers, NULL);
        document_add_count(tier, "above_tokens", (int64_t)v->tiers[i].above);
        add_prices(&v->tiers[i].price, tier);
    }
    document_add_count(m, "max_input_tokens", v->max_input_tokens);
    document_add_count(m, "max_output_tokens", v->max_output_tokens);
    add_abilities(m, "abilities", v->has);
    add_abilities(m, "lacks", v->lacks);
    document_add_number(m, "cost_discount", d ? d->cost_discount : 0, 6);
    document_add_number(m, "cost_margin", d ? d->cost_margin : 0, 6);
    add_from(v, m);
}
