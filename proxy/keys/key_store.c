/* pure: except for the file: the key store's objects. */
#include "proxy/keys/key_store_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define APPLICATION 0x706d6b73 /* "pmks", in the file's head */
#define BUSY_MS 5000

/* What brings a file of version i to version i + 1. Never change a line that was released: add one. */
static const char *const migrations[] = {
    "CREATE TABLE objects(kind INTEGER NOT NULL, id TEXT NOT NULL, alias TEXT, doc TEXT NOT NULL,"
    " PRIMARY KEY(kind, id)) STRICT, WITHOUT ROWID;"
    "CREATE UNIQUE INDEX aliases ON objects(alias) WHERE kind = 0 AND alias IS NOT NULL;"
    "CREATE TABLE calls(id INTEGER PRIMARY KEY, key TEXT NOT NULL, accounts BLOB NOT NULL, started_ms INTEGER NOT NULL,"
    " ended_ms INTEGER, nano INTEGER NOT NULL, tokens_in INTEGER NOT NULL, tokens_cached INTEGER NOT NULL,"
    " tokens_out INTEGER NOT NULL, status INTEGER NOT NULL, flags INTEGER NOT NULL, alias TEXT NOT NULL,"
    " model TEXT NOT NULL, request_id TEXT NOT NULL, customer TEXT NOT NULL, session TEXT NOT NULL) STRICT;"
    "CREATE INDEX calls_by_end ON calls(ended_ms);"
    "CREATE INDEX calls_by_key ON calls(key, ended_ms);"
    "CREATE TABLE charges(account INTEGER NOT NULL, ended_ms INTEGER NOT NULL, call INTEGER NOT NULL,"
    " nano INTEGER NOT NULL, PRIMARY KEY(account, ended_ms, call)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE totals(account INTEGER PRIMARY KEY, nano INTEGER NOT NULL, calls INTEGER NOT NULL) STRICT;",
};
#define SCHEMA ((int)(sizeof migrations / sizeof *migrations))

static const char *const texts[] = {
    [BEGIN_] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    [PUT] = "INSERT INTO objects(kind, id, alias, doc) VALUES(?1, ?2, nullif(?3, ''), ?4)"
            " ON CONFLICT(kind, id) DO UPDATE SET alias = excluded.alias, doc = excluded.doc",
    [GET] = "SELECT doc FROM objects WHERE kind = ?1 AND id = ?2",
    [FIND_ALIAS] = "SELECT id FROM objects WHERE kind = 0 AND alias = ?1",
    [DELETE] = "DELETE FROM objects WHERE kind = ?1 AND id = ?2",
    [EACH] = "SELECT id, doc FROM objects WHERE kind = ?1 ORDER BY id",
    [ADD_CALL] = "INSERT INTO calls VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)"
                 " ON CONFLICT(id) DO UPDATE SET ended_ms = excluded.ended_ms, nano = excluded.nano,"
                 " tokens_in = excluded.tokens_in, tokens_cached = excluded.tokens_cached,"
                 " tokens_out = excluded.tokens_out, status = excluded.status, flags = excluded.flags,"
                 " model = excluded.model WHERE calls.ended_ms IS NULL",
    [ADD_CHARGE] = "INSERT INTO charges VALUES(?1, ?2, ?3, ?4)"
                   " ON CONFLICT(account, ended_ms, call) DO UPDATE SET nano = nano + excluded.nano",
    [ADD_TOTAL] = "INSERT INTO totals VALUES(?1, ?2, 1)"
                  " ON CONFLICT(account) DO UPDATE SET nano = nano + excluded.nano, calls = calls + 1",
    [OPEN_CALLS] = "SELECT id, accounts, started_ms, nano FROM calls WHERE ended_ms IS NULL",
    [LAST_CALL] = "SELECT max(id) FROM calls",
    [CHARGED] = "SELECT sum(nano) FROM charges WHERE account = ?1 AND ended_ms >= ?2",
    [CHARGED_EVER] = "SELECT nano FROM totals WHERE account = ?1",
    [FORGET_CALLS] = "DELETE FROM calls WHERE ended_ms < ?1",
    [FORGET_CHARGES] = "DELETE FROM charges WHERE ended_ms < ?1",
    [CALLS] = "SELECT id, started_ms, ended_ms, nano, tokens_in, tokens_cached, tokens_out, status, flags, key, alias,"
              " model, request_id, customer, session FROM calls"
              " WHERE ended_ms IS NOT NULL AND (?1 = '' OR key = ?1) AND (?2 = '' OR request_id = ?2)"
              " AND ended_ms >= ?3 AND ended_ms < ?4 ORDER BY ended_ms DESC LIMIT ?5",
};

const char *key_store_error(const struct key_store *s)
{
    return sqlite3_errmsg(s->db);
}

sqlite3_stmt *key_store_statement(struct key_store *s, enum statement which)
{
    sqlite3_stmt **statement = &s->statements[which];
    if (!*statement &&
        sqlite3_prepare_v3(s->db, texts[which], -1, SQLITE_PREPARE_PERSISTENT, statement, NULL) != SQLITE_OK)
        return NULL;
    (void)sqlite3_reset(*statement);
    return *statement;
}

void key_store_bind(sqlite3_stmt *statement, int at, struct slice text)
{
    (void)sqlite3_bind_text64(statement, at, text.ptr ? text.ptr : "", text.len, SQLITE_STATIC, SQLITE_UTF8);
}

struct slice key_store_column(sqlite3_stmt *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(statement, column);
    return (struct slice){(const char *)text, (size_t)sqlite3_column_bytes(statement, column)};
}

bool key_store_run(struct key_store *s, sqlite3_stmt *statement)
{
    bool ok = statement && sqlite3_step(statement) == SQLITE_DONE;
    (void)s;
    if (statement)
        (void)sqlite3_reset(statement);
    return ok;
}

static bool run(struct key_store *s, enum statement which)
{
    return key_store_run(s, key_store_statement(s, which));
}

bool key_store_begin(struct key_store *s)
{
    return run(s, BEGIN_);
}

bool key_store_commit(struct key_store *s)
{
    return run(s, COMMIT);
}

void key_store_rollback(struct key_store *s)
{
    if (!sqlite3_get_autocommit(s->db))
        (void)run(s, ROLLBACK);
}

bool key_store_put(struct key_store *s, enum object_kind kind, struct slice id, struct slice alias, struct slice doc)
{
    sqlite3_stmt *put = key_store_statement(s, PUT);
    if (!put)
        return false;
    (void)sqlite3_bind_int(put, 1, (int)kind);
    key_store_bind(put, 2, id);
    key_store_bind(put, 3, alias);
    key_store_bind(put, 4, doc);
    return key_store_run(s, put);
}

/* Appends the first column of the statement's row. */
static bool take_text(sqlite3_stmt *statement, struct buf *out)
{
    bool found = sqlite3_step(statement) == SQLITE_ROW;
    if (found)
        buf_add_slice(out, key_store_column(statement, 0));
    (void)sqlite3_reset(statement);
    return found && !out->failed;
}

bool key_store_get(struct key_store *s, enum object_kind kind, struct slice id, struct buf *doc)
{
    sqlite3_stmt *get = key_store_statement(s, GET);
    if (!get)
        return false;
    (void)sqlite3_bind_int(get, 1, (int)kind);
    key_store_bind(get, 2, id);
    return take_text(get, doc);
}

bool key_store_find_alias(struct key_store *s, struct slice alias, struct buf *id)
{
    sqlite3_stmt *find = key_store_statement(s, FIND_ALIAS);
    if (!find)
        return false;
    key_store_bind(find, 1, alias);
    return take_text(find, id);
}

bool key_store_delete(struct key_store *s, enum object_kind kind, struct slice id)
{
    sqlite3_stmt *statement = key_store_statement(s, DELETE);
    if (!statement)
        return false;
    (void)sqlite3_bind_int(statement, 1, (int)kind);
    key_store_bind(statement, 2, id);
    return key_store_run(s, statement) && sqlite3_changes(s->db) > 0;
}

bool key_store_each(struct key_store *s, enum object_kind kind,
                    bool (*each)(void *ctx, struct slice id, struct slice doc), void *ctx)
{
    sqlite3_stmt *statement = key_store_statement(s, EACH);
    int step = SQLITE_ERROR;
    if (!statement)
        return false;
    (void)sqlite3_bind_int(statement, 1, (int)kind);
    while ((step = sqlite3_step(statement)) == SQLITE_ROW)
        if (!each(ctx, key_store_column(statement, 0), key_store_column(statement, 1))) {
            step = SQLITE_DONE;
            break;
        }
    (void)sqlite3_reset(statement);
    return step == SQLITE_DONE;
}

/* Makes the file if it is missing, and checks that it is the user's own. */
static bool make_file(const char *path, struct buf *error)
{
    struct stat info;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        buf_add_format(error, "%s: can't open the key store: %s", path, strerror(errno));
        return false;
    }
    bool ok = fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
    if (!ok)
        buf_add_format(error, "%s: can't open the key store: not a regular file", path);
    else if ((info.st_mode & 077) && !(ok = fchmod(fd, 0600) == 0))
        buf_add_format(error, "%s: others can read the key store: run chmod 600 on it", path);
    close(fd);
    return ok;
}

static int number(struct key_store *s, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    int value = -1;
    if (sqlite3_prepare_v2(s->db, sql, -1, &statement, NULL) == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
        value = sqlite3_column_int(statement, 0);
    (void)sqlite3_finalize(statement);
    return value;
}

static bool execute(struct key_store *s, const char *sql)
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

/* Makes each step of the schema that the file lacks, all or none. */
static bool migrate(struct key_store *s, int version)
{
    char sql[96];
    bool ok = execute(s, "BEGIN IMMEDIATE");
    for (int i = version; ok && i < SCHEMA; i++)
        ok = execute(s, migrations[i]);
    (void)sqlite3_snprintf(sizeof sql, sql, "PRAGMA application_id = %d; PRAGMA user_version = %d", APPLICATION,
                           SCHEMA);
    ok = ok && execute(s, sql) && execute(s, "COMMIT");
    if (!ok)
        (void)execute(s, "ROLLBACK");
    return ok;
}

static bool set_up(struct key_store *s, struct buf *error)
{
    /* With an exclusive lock there is no -shm file, and no other program can open the store. */
    bool ok = execute(s, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                         "PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0");
    int tables = ok ? number(s, "SELECT count(*) FROM sqlite_schema") : -1;
    int version = number(s, "PRAGMA user_version");
    if (tables < 0)
        buf_add_format(error, "%s: can't read the key store: %s: is it one, and does no other program use it?", s->path,
                       key_store_error(s));
    else if (tables > 0 && number(s, "PRAGMA application_id") != APPLICATION)
        buf_add_format(error, "%s: not a key store: a database of another program: name another file", s->path);
    else if (version > SCHEMA)
        buf_add_format(error, "%s: the key store has version %d, and this pointsman knows up to %d: update pointsman",
                       s->path, version, SCHEMA);
    else if (tables && !key_store_check(s, error))
        return false;
    else if (version < SCHEMA && !migrate(s, version))
        buf_add_format(error, "%s: can't bring the key store up to date: %s", s->path, key_store_error(s));
    else
        return true;
    return false;
}

struct key_store *key_store_open(const char *path, struct buf *error)
{
    struct key_store *s = calloc(1, sizeof *s);
    if (!s || !(s->path = strdup(path))) {
        free(s);
        buf_add_format(error, "%s: out of memory: can't open the key store", path);
        return NULL;
    }
    bool ok = make_file(path, error);
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
    if (ok && sqlite3_open_v2(path, &s->db, flags, NULL) != SQLITE_OK) {
        buf_add_format(error, "%s: can't open the key store: %s", path, s->db ? key_store_error(s) : "out of memory");
        ok = false;
    }
    if (ok)
        (void)sqlite3_busy_timeout(s->db, BUSY_MS);
    if (ok && set_up(s, error))
        return s;
    key_store_close(s);
    return NULL;
}

void key_store_close(struct key_store *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < STATEMENTS; i++)
        (void)sqlite3_finalize(s->statements[i]);
    (void)sqlite3_close(s->db); /* checkpoints, and removes the WAL */
    free(s->path);
    free(s);
}

bool key_store_check(struct key_store *s, struct buf *error)
{
    sqlite3_stmt *statement = NULL;
    bool ok = sqlite3_prepare_v2(s->db, "PRAGMA quick_check(1)", -1, &statement, NULL) == SQLITE_OK &&
              sqlite3_step(statement) == SQLITE_ROW && slice_is(key_store_column(statement, 0), "ok");
    if (!ok)
        buf_add_format(error, "%s: the key store is damaged: %s: put a backup in its place (pointsman keys backup)",
                       s->path,
                       statement && sqlite3_column_text(statement, 0) ? (const char *)sqlite3_column_text(statement, 0)
                                                                      : key_store_error(s));
    (void)sqlite3_finalize(statement);
    return ok;
}

bool key_store_backup(struct key_store *s, const char *path, struct buf *error)
{
    sqlite3 *copy = NULL;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        buf_add_format(error, "%s: can't make the backup: %s", path, strerror(errno));
        return false;
    }
    close(fd);
    bool ok = sqlite3_open_v2(path, &copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK;
    sqlite3_backup *backup = ok ? sqlite3_backup_init(copy, "main", s->db, "main") : NULL;
    ok = backup && sqlite3_backup_step(backup, -1) == SQLITE_DONE;
    ok = backup && sqlite3_backup_finish(backup) == SQLITE_OK && ok;
    if (!ok) {
        buf_add_format(error, "%s: can't make the backup: %s", path, copy ? sqlite3_errmsg(copy) : "out of memory");
        (void)unlink(path);
    }
    (void)sqlite3_close(copy);
    return ok;
}
