/* pure. A deployment's prices, and price tiers by prompt length. */
#include "proxy/config/private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TIERS_MAX 32 /* of one deployment */

struct price *config_tier(struct config_loader *l, struct deployment *d, double above, unsigned line)
{
    unsigned at = 0;
    if (above == 0)
        return &d->price;
    while (at < d->tier_count && d->tiers[at].above < above)
        at++;
    if (at < d->tier_count && d->tiers[at].above == above)
        return &d->tiers[at].price;
    if (d->tier_count == TIERS_MAX) {
        config_error(l, line, "model_info: more than %d price tiers", TIERS_MAX);
        return NULL;
    }
    if (!d->tiers && !(d->tiers = calloc(TIERS_MAX, sizeof *d->tiers))) {
        config_no_memory(l);
        return NULL;
    }
    memmove(d->tiers + at + 1, d->tiers + at, (d->tier_count - at) * sizeof *d->tiers);
    d->tiers[at] = (struct price_tier){above, {NAN, NAN, NAN, NAN, NAN}};
    d->tier_count++;
    return &d->tiers[at].price;
}

/* Parses "200k" or "200000"; NAN: neither. */
static double read_tokens(struct slice text)
{
    double tokens = 0;
    size_t i = 0;
    while (i < text.len && i < 12 && text.ptr[i] >= '0' && text.ptr[i] <= '9')
        tokens = 10 * tokens + (text.ptr[i++] - '0');
    bool thousands = i && i + 1 == text.len && text.ptr[i] == 'k';
    return thousands ? 1000 * tokens : i && i == text.len ? tokens : NAN;
}

static bool take_keys(struct config_loader *l, const struct schema_numbers *keys, size_t offset, struct deployment *d)
{
    for (unsigned i = 0; i < keys->count; i++) {
        const struct schema_number *n = &keys->of[i];
        double above = read_tokens(n->star);
        if (isnan(above)) {
            config_warn(l, n->line, "\"above_%.*s_tokens\": has no effect: expected a number such as 200k or 200000",
                        (int)(n->star.len < 32 ? n->star.len : 32), n->star.ptr);
            continue;
        }
        struct price *price = config_tier(l, d, above, n->line);
        if (!price)
            return false;
        memcpy((char *)price + offset, &n->value, sizeof n->value);
    }
    return true;
}

static void overlay(struct price *to, const struct price *by)
{
    to->input = isnan(by->input) ? to->input : by->input;
    to->cached_input = isnan(by->cached_input) ? to->cached_input : by->cached_input;
    to->output = isnan(by->output) ? to->output : by->output;
    to->reasoning = isnan(by->reasoning) ? to->reasoning : by->reasoning;
    to->cache_write = isnan(by->cache_write) ? to->cache_write : by->cache_write;
}

static bool take_entry(struct config_loader *l, const struct yaml_node *entry, struct deployment *d)
{
    static const struct schema_row TOKENS = {.type = SCHEMA_NUMBER, .min = 0, .max = SCHEMA_ENDLESS};
    struct tier_source source;
    double above;
    schema_init(&CONFIG_KEYS, SECTION_TIER, &source);
    schema_read(&l->reader, &CONFIG_KEYS, SECTION_TIER, entry, &source);
    const struct yaml_node *from = source.range ? source.range->children : NULL;
    if (!from) {
        config_warn(l, entry->line, "model_info.tiered_pricing: an entry without a range has no effect");
        return true;
    }
    if (!schema_read_value(&l->reader, "model_info.tiered_pricing[].range", &TOKENS, from, &above))
        return false;
    struct price *price = config_tier(l, d, above, entry->line);
    if (price)
        overlay(price, &source.price);
    return price != NULL;
}

bool config_prices(struct config_loader *l, const struct deployment_source *s, struct deployment *d)
{
    const struct yaml_node *list = s->tiered_pricing;
    if (!take_keys(l, &s->input_above, offsetof(struct price, input), d) ||
        !take_keys(l, &s->cached_above, offsetof(struct price, cached_input), d) ||
        !take_keys(l, &s->cache_write_above, offsetof(struct price, cache_write), d) ||
        !take_keys(l, &s->output_above, offsetof(struct price, output), d))
        return false;
    for (const struct yaml_node *n = list ? list->children : NULL; n; n = n->next)
        if (!take_entry(l, n, d))
            return false;
    return true;
}

/* The documented price of a cache write, as a multiple of the input price. */
static double write_factor(const struct deployment *d)
{
    return d->prompt_cache && d->prompt_cache->write_factor > 0 ? d->prompt_cache->write_factor : 1;
}

struct price deployment_price(const struct deployment *d, double prompt_tokens)
{
    struct price price = d->price;
    for (unsigned i = 0; i < d->tier_count && prompt_tokens > d->tiers[i].above; i++)
        overlay(&price, &d->tiers[i].price);
    if (isnan(price.cached_input))
        price.cached_input = price.input;
    if (isnan(price.reasoning))
        price.reasoning = price.output;
    if (isnan(price.cache_write))
        price.cache_write = price.input * write_factor(d);
    return price;
}

double deployment_cost(const struct deployment *d, const struct token_counts *tokens)
{
    struct price price = deployment_price(d, tokens->input);
    double cached = fmin(fmax(tokens->cached, 0), tokens->input);
    double written = fmin(fmax(tokens->cache_write, 0), tokens->input - cached);
    double reasoning = fmin(fmax(tokens->reasoning, 0), tokens->output);
    return (tokens->input - cached - written) * price.input + cached * price.cached_input +
           written * price.cache_write + (tokens->output - reasoning) * price.output + reasoning * price.reasoning;
}
