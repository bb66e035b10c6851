/* admin_lab: the administration of virtual keys over a store in a temporary folder. */
#ifndef POINTSMAN_UNIT_ADMIN_LAB_H
#define POINTSMAN_UNIT_ADMIN_LAB_H

#include "tests/unit/key_lab.h"
#include "proxy/keys/admin.h"

static struct objects admin_lab;
static cJSON *answer;      /* the last one */
static const char *caller; /* hash of a virtual key; "": the master key asks */

static inline int admin_enter(void **state)
{
    struct buf error;
    if (lab_enter(state) != 0)
        return -1;
    buf_init(&error, 1000);
    admin_lab = (struct objects){.store = key_store_open(folder_at("keys.db"), &error), .gate = &lab};
    assert_string_equal(error.len ? buf_text(&error) : "", "");
    buf_free(&error);
    answer = NULL;
    caller = "";
    return 0;
}

static inline int admin_leave(void **state)
{
    cJSON_Delete(answer);
    key_store_close(admin_lab.store);
    return lab_leave(state);
}

/* Asks for "POST /path" or "GET /path?query" with a body of any bytes; returns the status. */
static inline int admin_ask(const char *line, struct slice body)
{
    const char *path = strchr(line, ' ') + 1, *query = strchr(path, '?');
    struct admin_request request = {.method = {line, (size_t)(path - 1 - line)},
                                    .path = {path, query ? (size_t)(query - path) : strlen(path)},
                                    .query = query ? slice_of(query + 1) : (struct slice){NULL, 0},
                                    .body = body,
                                    .caller = slice_of(caller),
                                    .now_ms = lab_now.unix_ms,
                                    .mono_ms = lab_now.mono_ms};
    struct buf out;
    buf_init(&out, 64u << 20);
    int status = admin_answer(&admin_lab, &request, &out);
    assert_false(out.failed);
    cJSON_Delete(answer);
    answer = cJSON_ParseWithLength(out.data, out.len);
    assert_non_null(answer);
    buf_free(&out);
    return status;
}

static inline int ask(const char *line, const char *body)
{
    return admin_ask(line, slice_of(body));
}

/* Asks, and expects the status. */
static inline void must_answer(const char *line, const char *body, int status)
{
    int got = ask(line, body);
    if (got != status) {
        char *text = cJSON_PrintUnformatted(answer);
        print_error("%s %s: %d %s\n", line, body, got, text);
        cJSON_free(text);
    }
    assert_int_equal(got, status);
}

/* A member of the last answer, by its path: "info.models". */
static inline const cJSON *at(const char *path)
{
    const cJSON *item = answer;
    for (; *path; path += strcspn(path, "."), path += *path == '.') {
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)strcspn(path, "."), path);
        item = cJSON_GetObjectItemCaseSensitive(item, name);
    }
    return item;
}

static inline const char *text_at(const char *path)
{
    const char *text = cJSON_GetStringValue(at(path));
    return text ? text : "";
}

#define ADMIN_TEST(name) cmocka_unit_test_setup_teardown(name, admin_enter, admin_leave)

#endif
