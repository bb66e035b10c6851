/* price_table: pure, but for reading its file. Prices, context windows and abilities of known models, by provider and
 * name: a text file that `pointsman prices` makes from LiteLLM's list, and ships and updates. Searched without being
 * copied or parsed as a whole, and only while a configuration is loaded.
 *
 *   # pointsman prices 1<TAB>2026-11-30<TAB>litellm 1.110.2<TAB>1713       format, date, source, number of rows
 *   gemini/gemini-2.5-pro<TAB>1.25<TAB>10<TAB>0.125<TAB><TAB><TAB>1048576<TAB>65536<TAB>tifrc<TAB>200000:2.5,15,0.25,,
 *
 * A row has: "provider/model"; USD per million tokens of input, output, cache reads, cache writes and reasoning; the
 * longest prompt and reply, tokens; a letter for each ability, a capital for one that the model lacks; and for each
 * tier the prompt length above which it holds, and its five prices. Empty: unknown. Rows are sorted by the bytes of
 * their first field in lower case. */
#ifndef POINTSMAN_PRICE_TABLE_H
#define POINTSMAN_PRICE_TABLE_H

#include "proxy/config/config.h"

#define PRICE_TABLE_FILE "model-prices.tsv"
#define PRICE_TABLE_MAX (4u << 20) /* bytes */
#define PRICE_TABLE_ROWS_MAX 50000u
#define PRICE_TIERS_MAX 12 /* of one row */
#define PRICE_KEY_MAX 160  /* bytes of "provider/model" */
#define PRICE_LEAST 1e-12  /* USD per token; less is an error, except 0 */
#define PRICE_MOST 1.0
#define PRICE_TOKENS_MAX 1000000000 /* tokens; more is an error */

/* Abilities beyond enum capability, shown only. */
enum { ABILITY_REASONING = 8, ABILITY_PROMPT_CACHE = 16, ABILITY_COUNT = 5 };

struct price_row {
    struct slice key; /* borrowed from the table */
    struct price price;
    struct price_tier tiers[PRICE_TIERS_MAX]; /* ascending */
    unsigned tier_count;
    int64_t max_input_tokens, max_output_tokens; /* 0: unknown */
    unsigned has, lacks;                         /* sets of enum capability and the abilities above */
};

struct price_table {
    char *path;
    struct buf text;
    struct slice rows;         /* after the header */
    struct slice date, source; /* "2026-11-30", "litellm 1.110.2" */
    unsigned count;            /* of rows, by the header */
    bool no_memory;            /* opening it ran out of memory; the file may be valid */
    bool damaged;              /* a search found a row that can't be read */
};

/* An ability: its letter in the file, the key of model_info and LiteLLM's list, and its name. ABILITY_COUNT rows. */
struct price_ability {
    char letter;
    unsigned bit;
    const char *key, *name;
};
extern const struct price_ability PRICE_ABILITIES[ABILITY_COUNT];

/* Returns the path of the user's table ($CODEX_HOME/logs), whether or not it exists; NULL: no folder, or out of memory.
 * Free with free(). */
char *price_table_own_path(void);
/* Returns the path of the table in use: the user's if there is one, else the one that came with pointsman. NULL: out of
 * memory. Free with free(). */
char *price_table_path(void);
/* Reads the file and its header. false: one line in `error`. Close it in any case. */
MUST_CHECK bool price_table_open(struct price_table *t, const char *path, struct buf *error);
/* Takes the text instead, which is borrowed; only its header is checked. false: one line in `error`. */
MUST_CHECK bool price_table_of(struct price_table *t, struct slice text, struct buf *error);
/* Whether each row can be read, they are sorted, and there are as many as the header says. false: one line in `error`.
 */
MUST_CHECK bool price_table_check(struct price_table *t, struct buf *error);
void price_table_close(struct price_table *t);

/* Finds a row by its exact key; ignores case. */
bool price_table_find(struct price_table *t, struct slice key, struct price_row *row);
/* Finds the row of a provider's model as LiteLLM does: by its name, then without a date or version ("-2025-08-07",
 * Gemini's "-001", "ft:gpt-4o:org::id"), then for a model named like its provider ("perplexity/perplexity/…"). A model
 * of OpenRouter or Hugging Face without a row has that of the provider whose price they pass on. */
bool price_table_model(struct price_table *t, const struct provider *provider, struct slice name,
                       struct price_row *row);
/* Returns the provider whose rows LiteLLM's provider name stands for ("cohere_chat" is "cohere"); NULL: its prices are
 * not ours to keep: unknown, on this machine, or not supported. */
const char *price_table_provider(struct slice litellm_provider);

/* Reads a line without its end. false: not a row. */
MUST_CHECK bool price_row_read(struct slice line, struct price_row *row);
/* Appends a header or a row. */
void price_table_write_header(struct buf *out, struct slice date, struct slice source, unsigned count);
void price_row_write(struct buf *out, const struct price_row *row);
/* Sets all numbers to unknown. */
void price_row_init(struct price_row *row);

/* Compares keys as rows are sorted: below 0, 0 or above. */
int price_key_compare(struct slice a, struct slice b);

#endif
