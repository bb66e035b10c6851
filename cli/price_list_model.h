/* price_list_model: one model of LiteLLM's list. */
#ifndef POINTSMAN_CLI_PRICE_LIST_MODEL_H
#define POINTSMAN_CLI_PRICE_LIST_MODEL_H

#include "common/json.h"
#include "proxy/config/price_table.h"

enum price_list_kind {
    PRICE_LIST_OTHER, /* makes pictures or sounds, or has no price: not in the table */
    PRICE_LIST_PRICED,
    PRICE_LIST_WRONG, /* a value that can't be right */
};

/* Reads all of a row but its key. PRICE_LIST_WRONG: one line in `error`. */
enum price_list_kind price_list_model(const struct json *j, uint32_t model, struct price_row *row, struct buf *error);
/* Whether the name stands for all models of a size ("together-ai-21.1b-41b"), not for a model. */
bool price_list_is_size_class(struct slice name);

#endif
