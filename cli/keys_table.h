/* keys_table: prints virtual keys as rows, with a bar of what is spent of each budget. */
#ifndef POINTSMAN_CLI_KEYS_TABLE_H
#define POINTSMAN_CLI_KEYS_TABLE_H

#include "common/json.h"

struct keys_table {
    struct key_row *rows; /* owned */
    unsigned count;
};

void keys_table_begin(struct keys_table *table);
/* Adds a page of the proxy's /key/list with whole objects; sets the number of pages. false: it is none, or out of
 * memory. */
MUST_CHECK bool keys_table_add(struct keys_table *table, struct slice page, unsigned *pages);
/* Prints the rows unless `quiet`, and frees the table. */
void keys_table_print(struct keys_table *table, bool quiet);
/* Prints one key, as the proxy answers with it: the row, or {"info": row}. false: it is none. */
MUST_CHECK bool keys_table_show(struct slice answer);

#endif
