/* price_list: makes the table of known models (proxy/config/price_table.h) from LiteLLM's
 * model_prices_and_context_window.json. */
#ifndef POINTSMAN_CLI_PRICE_LIST_H
#define POINTSMAN_CLI_PRICE_LIST_H

#include "common/buf.h"

#define PRICE_LIST_MAX (16u << 20) /* bytes of LiteLLM's file */

/* Appends the table to `out`, whose ceiling is at least PRICE_TABLE_MAX. Kept are models of text and of embeddings that
 * have a price, of the providers that pointsman calls at their own address. `date`: "2026-11-30"; `source`: up to 80
 * printable characters. false: one line in `error`: not such a list, damaged, or a price that can't be one. */
MUST_CHECK bool price_list_read(struct slice text, struct slice date, struct slice source, struct buf *out,
                                struct buf *error);

#endif
