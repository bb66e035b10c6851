/* key_store_private: the connection, for the files of the store. */
#ifndef POINTSMAN_KEY_STORE_PRIVATE_H
#define POINTSMAN_KEY_STORE_PRIVATE_H

#include "proxy/keys/key_store.h"

#include <sqlite3.h>

enum statement {
    BEGIN_,
    COMMIT,
    ROLLBACK,
    PUT,
    GET,
    FIND_ALIAS,
    DELETE,
    EACH,
    ADD_CALL,
    ADD_CHARGE,
    ADD_TOTAL,
    OPEN_CALLS,
    LAST_CALL,
    CHARGED,
    CHARGED_EVER,
    FORGET_CALLS,
    FORGET_CHARGES,
    CALLS,
    STATEMENTS,
};

struct key_store {
    sqlite3 *db;
    char *path;
    sqlite3_stmt *statements[STATEMENTS]; /* prepared when first needed */
};

/* Returns the statement, reset; NULL: an error. */
sqlite3_stmt *key_store_statement(struct key_store *s, enum statement which);
/* Binds text that outlives the step; empty: "". */
void key_store_bind(sqlite3_stmt *statement, int at, struct slice text);
struct slice key_store_column(sqlite3_stmt *statement, int column);
/* Runs a statement that returns no rows. */
MUST_CHECK bool key_store_run(struct key_store *s, sqlite3_stmt *statement);

#endif
