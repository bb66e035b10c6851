/* pure. A row of the table of prices: reads and writes it. */
#include "proxy/config/price_table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { INPUT, OUTPUT, CACHED, WRITE, REASONING, PRICES };

const struct price_ability PRICE_ABILITIES[ABILITY_COUNT] = {
    {'t', CAPABILITY_TOOLS, "supports_function_calling", "tools"},
    {'i', CAPABILITY_IMAGES, "supports_vision", "images"},
    {'f', CAPABILITY_FORMAT, "supports_response_schema", "structured output"},
    {'r', ABILITY_REASONING, "supports_reasoning", "reasoning"},
    {'c', ABILITY_PROMPT_CACHE, "supports_prompt_caching", "prompt cache"},
};

static double *price_at(struct price *p, int i)
{
    double *const fields[PRICES] = {&p->input, &p->output, &p->cached_input, &p->cache_write, &p->reasoning};
    return fields[i];
}

static bool take(struct slice *rest, char end, struct slice *part)
{
    const char *at = rest->len ? memchr(rest->ptr, end, rest->len) : NULL;
    *part = (struct slice){rest->ptr, at ? (size_t)(at - rest->ptr) : rest->len};
    size_t used = part->len + (at != NULL);
    rest->ptr += used;
    rest->len -= used;
    return at != NULL;
}

/* USD per million tokens. The exponent is added to the text, so that the value is the one that was written. */
static bool read_price(struct slice text, double *price)
{
    char copy[48];
    *price = NAN;
    if (text.len == 0)
        return true;
    for (size_t i = 0; i < text.len; i++)
        if ((text.ptr[i] < '0' || text.ptr[i] > '9') && (text.ptr[i] != '.' || i == 0))
            return false;
    if (text.len > 40)
        return false;
    (void)snprintf(copy, sizeof copy, "%.*se-6", SLICE_ARGS(text));
    char *end;
    double value = strtod(copy, &end);
    if (*end || value > PRICE_MOST || (value < PRICE_LEAST && value != 0))
        return false;
    *price = value;
    return true;
}

static bool read_tokens(struct slice text, int64_t *tokens)
{
    *tokens = 0;
    if (text.len > 10)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
        *tokens = 10 * *tokens + (text.ptr[i] - '0');
    }
    return *tokens <= PRICE_TOKENS_MAX;
}

static bool read_abilities(struct slice text, struct price_row *row)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned k = 0;
        while (k < ABILITY_COUNT && PRICE_ABILITIES[k].letter != (text.ptr[i] | 0x20))
            k++;
        if (k < ABILITY_COUNT && text.ptr[i] & 0x20)
            row->has |= PRICE_ABILITIES[k].bit;
        else if (k < ABILITY_COUNT)
            row->lacks |= PRICE_ABILITIES[k].bit;
        /* Else a letter of a newer table. */
    }
    return true;
}

/* "200000:2.5,15,0.25,," */
static bool read_tier(struct slice text, struct price_row *row)
{
    struct slice part;
    int64_t above;
    if (row->tier_count == PRICE_TIERS_MAX || !take(&text, ':', &part) || !read_tokens(part, &above) || above <= 0 ||
        (row->tier_count && row->tiers[row->tier_count - 1].above >= (double)above))
        return false;
    struct price_tier *tier = &row->tiers[row->tier_count++];
    tier->above = (double)above;
    for (int i = 0; i < PRICES; i++)
        if (take(&text, ',', &part) != (i + 1 < PRICES) || !read_price(part, price_at(&tier->price, i)))
            return false;
    return true;
}

static bool read_tiers(struct slice text, struct price_row *row)
{
    struct slice part;
    while (text.len) {
        (void)take(&text, ' ', &part);
        if (!read_tier(part, row))
            return false;
    }
    return true;
}

void price_row_init(struct price_row *row)
{
    *row = (struct price_row){.price = {NAN, NAN, NAN, NAN, NAN}};
}

bool price_row_read(struct slice line, struct price_row *row)
{
    struct slice part;
    price_row_init(row);
    if (!take(&line, '\t', &row->key) || row->key.len == 0 || row->key.len > PRICE_KEY_MAX)
        return false;
    for (size_t i = 0; i < row->key.len; i++)
        if (row->key.ptr[i] <= ' ' || row->key.ptr[i] > '~')
            return false;
    for (int i = 0; i < PRICES; i++)
        if (!take(&line, '\t', &part) || !read_price(part, price_at(&row->price, i)))
            return false;
    return take(&line, '\t', &part) && read_tokens(part, &row->max_input_tokens) && take(&line, '\t', &part) &&
           read_tokens(part, &row->max_output_tokens) && take(&line, '\t', &part) && read_abilities(part, row) &&
           read_tiers(line, row);
}

/* Appends the shortest decimal that reads as the same price. */
static void write_price(struct buf *out, double price)
{
    char text[40];
    if (isnan(price))
        return;
    if (price == 0) {
        BUF_ADD(out, "0");
        return;
    }
    for (int digits = 1; digits <= 17; digits++) {
        (void)snprintf(text, sizeof text, "%.*e", digits - 1, price);
        if (strtod(text, NULL) == price)
            break;
    }
    char digits[24];
    int count = 0, exponent = (int)strtol(strchr(text, 'e') + 1, NULL, 10) + 6;
    for (const char *c = text; *c != 'e'; c++)
        if (*c != '.')
            digits[count++] = *c;
    if (exponent < 0)
        BUF_ADD(out, "0.");
    for (int i = exponent; i < -1; i++)
        BUF_ADD(out, "0");
    for (int i = 0; i < count || i <= exponent; i++) {
        if (i && i == exponent + 1)
            BUF_ADD(out, ".");
        buf_add_char(out, i < count ? digits[i] : '0');
    }
}

static void write_prices(struct buf *out, const struct price *price, char end)
{
    struct price copy = *price;
    for (int i = 0; i < PRICES; i++) {
        write_price(out, *price_at(&copy, i));
        if (end == '\t' || i + 1 < PRICES)
            buf_add_char(out, end);
    }
}

static void write_tokens(struct buf *out, int64_t tokens)
{
    if (tokens)
        buf_add_number(out, tokens);
    BUF_ADD(out, "\t");
}

void price_row_write(struct buf *out, const struct price_row *row)
{
    buf_add_slice(out, row->key);
    BUF_ADD(out, "\t");
    write_prices(out, &row->price, '\t');
    write_tokens(out, row->max_input_tokens);
    write_tokens(out, row->max_output_tokens);
    for (unsigned k = 0; k < ABILITY_COUNT; k++)
        if ((row->has | row->lacks) & PRICE_ABILITIES[k].bit)
            buf_add_char(out, (char)(PRICE_ABILITIES[k].letter & (row->has & PRICE_ABILITIES[k].bit ? ~0 : ~0x20)));
    BUF_ADD(out, "\t");
    for (unsigned i = 0; i < row->tier_count; i++) {
        buf_add_format(out, "%s%.0f:", i ? " " : "", row->tiers[i].above);
        write_prices(out, &row->tiers[i].price, ',');
    }
    BUF_ADD(out, "\n");
}

void price_table_write_header(struct buf *out, struct slice date, struct slice source, unsigned count)
{
    buf_add_format(out, "# pointsman prices 1\t%.*s\t%.*s\t%u\n", SLICE_ARGS(date), SLICE_ARGS(source), count);
}
