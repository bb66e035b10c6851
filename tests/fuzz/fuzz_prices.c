/* Fuzz target: LiteLLM's list, and tables of prices. What is accepted is a whole, sorted table whose rows are found and
 * are written as they were read. */
#include "tests/fuzz/fuzz.h"
#include "cli/price_list.h"
#include "proxy/config/price_table.h"

#include <math.h>
#include <stdlib.h>

const char *const fuzz_seeds[] = {
    "{\"gpt-5\": {\"litellm_provider\": \"openai\", \"mode\": \"chat\", \"input_cost_per_token\": 1.25e-06,"
    "\"output_cost_per_token\": 1e-05, \"cache_read_input_token_cost\": 1.25e-07, \"max_input_tokens\": 272000,"
    "\"input_cost_per_token_above_272k_tokens\": 2e-06, \"supports_vision\": true},"
    "\"x\": {\"alias_of\": \"gpt-5\"}}",
    "{\"dashscope/q\": {\"litellm_provider\": \"dashscope\", \"aliases\": [\"r\"], \"tiered_pricing\": [{\"range\": "
    "[0, 256000.0], \"input_cost_per_token\": 5e-08}, {\"range\": [256000.0, 1e6], \"input_cost_per_token\": 2e-7}]}}",
    "# pointsman prices 1\t2026-11-30\ttest\t2\na/b\t1\t2\t\t\t\t\t\t\t\nxai/grok\t2\t6\t0.3\t2.5\t7\t500000\t64000"
    "\ttIr\t200000:4,12,0.6,, 400000:8,,,,\n",
    NULL,
};

static void must(bool truth)
{
    if (!truth)
        abort();
}

static void check_price(double price)
{
    must(isnan(price) || price == 0 || (price >= PRICE_LEAST && price <= PRICE_MOST));
}

static void check_row(struct price_table *t, struct slice line)
{
    struct price_row row, found;
    struct buf out;
    buf_init(&out, 1u << 16);
    must(price_row_read(line, &row) && price_table_find(t, row.key, &found) && slice_equal(row.key, found.key));
    check_price(row.price.input);
    check_price(row.price.reasoning);
    for (unsigned i = 0; i < row.tier_count; i++)
        check_price(row.tiers[i].price.cache_write);
    price_row_write(&out, &row);
    must(!out.failed && price_row_read((struct slice){out.data, out.len - 1}, &found));
    must(row.tier_count == found.tier_count && row.max_input_tokens == found.max_input_tokens);
    must((isnan(row.price.output) && isnan(found.price.output)) || row.price.output == found.price.output);
    buf_free(&out);
}

static void check_table(struct slice text)
{
    struct price_table t;
    struct price_row row;
    struct buf error;
    buf_init(&error, 4096);
    bool opened = price_table_of(&t, text, &error);
    if (opened) {
        (void)price_table_find(&t, slice_of("openai/gpt-5"), &row); /* also in a table that is not sorted */
        (void)price_table_model(&t, provider_find(slice_of("gemini")), slice_of("g-001"), &row);
    }
    if (opened && price_table_check(&t, &error)) {
        const char *at = t.rows.ptr, *end = at + t.rows.len;
        while (at < end) {
            const char *line = memchr(at, '\n', (size_t)(end - at));
            must(line);
            check_row(&t, (struct slice){at, (size_t)(line - at)});
            at = line + 1;
        }
    }
    price_table_close(&t);
    buf_free(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = {(const char *)data, size};
    struct price_table t;
    struct buf out, error;
    buf_init(&out, PRICE_TABLE_MAX);
    buf_init(&error, 4096);
    check_table(text);
    if (price_list_read(text, slice_of("2026-11-30"), slice_of("fuzz"), &out, &error)) {
        must(price_table_of(&t, buf_slice(&out), &error) && price_table_check(&t, &error));
        price_table_close(&t);
        check_table(buf_slice(&out));
    } else {
        must(error.len > 0);
    }
    buf_free(&out);
    buf_free(&error);
    return 0;
}
