/* Reads one model of LiteLLM's list. */
#include "cli/price_list_model.h"

#include <math.h>

/* Where LiteLLM has a price. */
static const struct field {
    const char *key;
    size_t offset;
} PRICES[] = {
    {"input_cost_per_token", offsetof(struct price, input)},
    {"output_cost_per_token", offsetof(struct price, output)},
    {"cache_read_input_token_cost", offsetof(struct price, cached_input)},
    {"cache_creation_input_token_cost", offsetof(struct price, cache_write)},
    {"output_cost_per_reasoning_token", offsetof(struct price, reasoning)},
};
#define PRICE_COUNT (sizeof PRICES / sizeof *PRICES)

static bool wrong(struct buf *error, const char *key, const char *what)
{
    buf_add_format(error, "%.80s: %s", key, what);
    return false;
}

/* Whether the text has a digit other than 0 before its exponent, so that its value is not 0. */
static bool is_something(struct slice text)
{
    for (size_t i = 0; i < text.len && text.ptr[i] != 'e' && text.ptr[i] != 'E'; i++)
        if (text.ptr[i] >= '1' && text.ptr[i] <= '9')
            return true;
    return false;
}

static bool read_price(const struct json *j, uint32_t node, const char *key, double *price, struct buf *error)
{
    double value;
    if (!node || json_is(j, node, JSON_NULL))
        return true;
    if (!json_is(j, node, JSON_NUMBER) || !json_double(j, node, &value))
        return wrong(error, key, "not a number");
    if (!(value >= 0 && value <= PRICE_MOST) || (value < PRICE_LEAST && is_something(json_raw(j, node))))
        return wrong(error, key, "not a price: expected 0, or USD per token from 1e-12 to 1");
    *price = value;
    return true;
}

static bool read_tokens(const struct json *j, uint32_t model, const char *key, int64_t *tokens, struct buf *error)
{
    uint32_t node = json_get(j, model, key);
    if (!node || json_is(j, node, JSON_NULL))
        return true;
    if (!json_is(j, node, JSON_NUMBER) || !json_int64(j, node, tokens) || *tokens < 0 || *tokens > PRICE_TOKENS_MAX)
        return wrong(error, key, "not a number of tokens");
    return true;
}

static struct price *tier_of(struct price_row *row, double above)
{
    unsigned at = 0;
    if (above == 0)
        return &row->price;
    while (at < row->tier_count && row->tiers[at].above < above)
        at++;
    if (at < row->tier_count && row->tiers[at].above == above)
        return &row->tiers[at].price;
    if (row->tier_count == PRICE_TIERS_MAX)
        return NULL;
    memmove(row->tiers + at + 1, row->tiers + at, (row->tier_count - at) * sizeof *row->tiers);
    row->tiers[at] = (struct price_tier){above, {NAN, NAN, NAN, NAN, NAN}};
    row->tier_count++;
    return &row->tiers[at].price;
}

/* 200000 of "_above_200k_tokens"; 0: another key, such as "_above_200k_tokens_flex". */
static double read_above(struct slice rest)
{
    static const char START[] = "_above_", END[] = "k_tokens";
    double thousands = 0;
    size_t i = sizeof START - 1;
    if (!slice_starts(rest, START))
        return 0;
    for (; i < rest.len && i < sizeof START + 5 && rest.ptr[i] >= '0' && rest.ptr[i] <= '9'; i++)
        thousands = 10 * thousands + (rest.ptr[i] - '0');
    return slice_is((struct slice){rest.ptr + i, rest.len - i}, END) ? 1000 * thousands : 0;
}

/* "input_cost_per_token_above_200k_tokens" and its like. */
static bool read_tier_key(const struct json *j, uint32_t key, struct price_row *row, struct buf *error)
{
    struct slice name = json_inner(j, key);
    for (size_t k = 0; k < PRICE_COUNT; k++) {
        size_t len = strlen(PRICES[k].key);
        if (!slice_starts(name, PRICES[k].key) || name.len <= len)
            continue;
        double above = read_above((struct slice){name.ptr + len, name.len - len});
        if (above == 0)
            continue;
        struct price *price = tier_of(row, above);
        if (!price)
            return wrong(error, PRICES[k].key, "too many price tiers");
        return read_price(j, json_value(key), PRICES[k].key, (double *)((char *)price + PRICES[k].offset), error);
    }
    return true;
}

static bool read_prices(const struct json *j, uint32_t object, struct price *price, struct buf *error)
{
    for (size_t k = 0; k < PRICE_COUNT; k++)
        if (!read_price(j, json_get(j, object, PRICES[k].key), PRICES[k].key,
                        (double *)((char *)price + PRICES[k].offset), error))
            return false;
    return true;
}

/* "tiered_pricing": [{"range": [from, to], prices}] */
static bool read_tier_list(const struct json *j, uint32_t model, struct price_row *row, struct buf *error)
{
    static const char KEY[] = "tiered_pricing";
    uint32_t list = json_get(j, model, KEY);
    for (uint32_t n = json_is(j, list, JSON_ARRAY) ? json_first(j, list) : JSON_NONE; n; n = json_next(j, n)) {
        uint32_t range = json_is(j, n, JSON_OBJECT) ? json_get(j, n, "range") : JSON_NONE;
        uint32_t from = json_is(j, range, JSON_ARRAY) ? json_first(j, range) : JSON_NONE;
        int64_t above;
        if (!from)
            continue;
        if (!json_is(j, from, JSON_NUMBER) || !json_int64(j, from, &above) || above < 0 || above > PRICE_TOKENS_MAX)
            return wrong(error, KEY, "not a range of tokens");
        struct price *price = tier_of(row, (double)above);
        if (!price)
            return wrong(error, KEY, "too many price tiers");
        if (!read_prices(j, n, price, error))
            return false;
    }
    return true;
}

static void read_abilities(const struct json *j, uint32_t model, struct price_row *row)
{
    for (unsigned k = 0; k < ABILITY_COUNT; k++) {
        uint32_t node = json_get(j, model, PRICE_ABILITIES[k].key);
        if (json_is(j, node, JSON_TRUE))
            row->has |= PRICE_ABILITIES[k].bit;
        else if (json_is(j, node, JSON_FALSE))
            row->lacks |= PRICE_ABILITIES[k].bit;
    }
}

/* Tokens that are written to a cache are part of the input, so a write price of 0 means that writes have none of their
 * own. */
static void drop_free_writes(struct price *p)
{
    if (p->cache_write == 0 && p->input > 0)
        p->cache_write = NAN;
}

static bool is_of_text(const struct json *j, uint32_t model)
{
    static const char *const MODES[] = {"chat", "responses", "completion", "embedding"};
    uint32_t mode = json_get(j, model, "mode");
    for (size_t i = 0; i < sizeof MODES / sizeof *MODES; i++)
        if (json_string_is(j, mode, MODES[i]))
            return true;
    return !mode;
}

enum price_list_kind price_list_model(const struct json *j, uint32_t model, struct price_row *row, struct buf *error)
{
    price_row_init(row);
    if (!is_of_text(j, model))
        return PRICE_LIST_OTHER;
    if (!read_prices(j, model, &row->price, error) ||
        !read_tokens(j, model, "max_input_tokens", &row->max_input_tokens, error) ||
        !read_tokens(j, model, "max_output_tokens", &row->max_output_tokens, error) ||
        !read_tier_list(j, model, row, error))
        return PRICE_LIST_WRONG;
    for (uint32_t key = json_first(j, model); key; key = json_next(j, key))
        if (!read_tier_key(j, key, row, error))
            return PRICE_LIST_WRONG;
    read_abilities(j, model, row);
    drop_free_writes(&row->price);
    for (unsigned i = 0; i < row->tier_count; i++)
        drop_free_writes(&row->tiers[i].price);
    /* LiteLLM writes 0 for a price that it does not know, too. Taken as free, such a model would have no limit. */
    bool charges = row->price.input > 0 || row->price.output > 0;
    return charges && !isnan(row->price.input) ? PRICE_LIST_PRICED : PRICE_LIST_OTHER;
}

bool price_list_is_size_class(struct slice name)
{
    return slice_starts(name, "together-ai-") || slice_starts(name, "fireworks-ai-");
}
