/* Fuzz target: administration of virtual keys. The input is a request line and a body: "POST /key/generate\n{…}". Each
 * is answered with JSON, and the store stays in order. */
#include "tests/fuzz/fuzz.h"
#include "proxy/keys/admin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOW_MS 1796126400000
#define OBJECTS_MAX 200 /* then it starts afresh */

const char *const fuzz_seeds[] = {
    "POST /key/generate\n{\"key\":\"sk-0123456789abcdef\",\"key_alias\":\"a\",\"max_budget\":5,\"budget_duration\":\"1d\","
    "\"models\":[\"m*\"],\"metadata\":{\"a\":[1]},\"tags\":[\"t\"],\"duration\":\"30d\",\"aliases\":{\"a\":\"b\"}}",
    "POST /key/generate\n{\"model_max_budget\":{\"m\":{\"budget_limit\":1,\"time_period\":\"1d\",\"rpm_limit\":1}},"
    "\"model_rpm_limit\":{\"m\":2},\"budget_limits\":[{\"max_budget\":2,\"budget_duration\":\"30d\"}],\"user_id\":\"u\"}",
    "POST /key/update\n{\"key_alias\":\"a\",\"rpm_limit\":null,\"blocked\":true,\"allowed_routes\":[\"/v1/models\"]}",
    "POST /key/regenerate\n{\"key_alias\":\"a\",\"new_key\":\"sk-0123456789abcdeg\",\"grace_period\":\"24h\"}",
    "POST /key/sk-0123456789abcdef/reset_spend\n{\"reset_to\":0}",
    "POST /key/delete\n{\"keys\":[\"sk-0123456789abcdef\"],\"key_aliases\":[\"a\"]}",
    "POST /team/new\n{\"team_id\":\"t\",\"team_alias\":\"x\",\"tpm_limit\":9}",
    "POST /team/member_add\n{\"team_id\":\"t\",\"member\":[{\"role\":\"user\",\"user_id\":\"u\"}]}",
    "POST /user/new\n{\"user_id\":\"u\",\"team_id\":\"t\",\"duration\":\"1h\"}",
    "POST /budget/info\n{\"budgets\":[\"b\"]}",
    "GET /key/list?page=2&size=3&user_id=u&team_id=%74&return_full_object=true\n",
    "GET /spend/logs?start_date=2026-12-01&end_date=2026-12-02&summarize=false&user_id=u\n",
    "GET /end_user/info?end_user_id=c+%20\n",
    NULL,
};

static void must(bool truth)
{
    if (!truth)
        abort();
}

static struct gate gate;
static struct objects objects;
static char path[64];
static unsigned asked;

static void open_store(void)
{
    struct buf error;
    char calls[sizeof path + 8];
    buf_init(&error, 1000);
    (void)snprintf(calls, sizeof calls, "%s-calls", path);
    gate.calls = calls_open(calls, 4, &error);
    gate.table = keys_table_new(4 * OBJECTS_MAX, NULL);
    objects = (struct objects){.store = key_store_open(path, &error), .gate = &gate};
    must(gate.table && gate.calls && objects.store);
    buf_free(&error);
}

static void close_store(void)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-calls"};
    char file[sizeof path + 8];
    if (objects.store)
        key_store_close(objects.store);
    if (gate.table)
        keys_table_free(gate.table);
    calls_close(gate.calls);
    objects.store = NULL;
    gate = (struct gate){.table = NULL};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        (void)snprintf(file, sizeof file, "%s%s", path, ends[i]);
        (void)unlink(file);
    }
}

/* What is stored can be put in force by the next start. */
static void check_store(void)
{
    struct gate other = {.table = keys_table_new(4 * OBJECTS_MAX, NULL), .calls = gate.calls};
    const struct objects again = {.store = objects.store, .gate = &other};
    struct buf error;
    buf_init(&error, 1000);
    must(other.table && key_store_check(objects.store, &error));
    must(objects_load(&again, NOW_MS, &error));
    keys_table_free(other.table);
    buf_free(&error);
}

/* The part before `end`, which is skipped. */
static struct slice cut(struct slice *rest, char end)
{
    const char *found = rest->len ? memchr(rest->ptr, end, rest->len) : NULL;
    struct slice part = {rest->ptr, found ? (size_t)(found - rest->ptr) : rest->len};
    *rest = found ? (struct slice){found + 1, rest->len - part.len - 1} : (struct slice){NULL, 0};
    return part;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice body = {(const char *)data, size}, line = cut(&body, '\n'), method = cut(&line, ' ');
    struct slice target = cut(&line, '?');
    struct admin_request request = {method, target, line, body, {NULL, 0}, NOW_MS, 1000000};
    struct buf out;
    if (slice_starts(target, "/key_store/") || slice_starts(target, "/v1/key_store/"))
        return 0; /* names files */
    if (!*path) {
        (void)snprintf(path, sizeof path, "%s/pointsman-fuzz-admin-%d",
                       access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", (int)getpid());
        must(atexit(close_store) == 0);
    }
    if (asked++ % OBJECTS_MAX == 0) {
        if (objects.store)
            check_store();
        close_store();
        open_store();
    }
    buf_init(&out, 64u << 20);
    int status = admin_answer(&objects, &request, &out);
    must(status >= 200 && status < 500 && !out.failed);
    cJSON *json = cJSON_ParseWithLength(out.data, out.len);
    must(json);
    must((status == 200) != (cJSON_GetObjectItemCaseSensitive(json, "error") != NULL));
    cJSON_Delete(json);
    buf_free(&out);
    return 0;
}
