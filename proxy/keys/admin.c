/* pure: except for the store: the routes of the administration, its errors and its JSON. */
#include "proxy/keys/admin_private.h"

#include "common/json.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MESSAGE_MAX 512
#define NODES_MAX 4000000   /* of the master key's body, which may import keys; each takes some 80 bytes */
#define KEY_NODES_MAX 20000 /* of a virtual key's body */
#define MEMBERS_MAX 1000    /* of an object in a body */

static const struct {
    const char *method, *path; /* a '*' in a path is a name, which the route reads from the path */
    admin_route *answer;
} routes[] = {
    {"POST", "/key/generate", admin_key_generate},
    {"POST", "/key/update", admin_key_update},
    {"POST", "/key/delete", admin_key_delete},
    {"GET", "/key/info", admin_key_info},
    {"GET", "/key/list", admin_key_list},
    {"POST", "/key/regenerate", admin_key_regenerate},
    {"POST", "/key/*/regenerate", admin_key_regenerate},
    {"POST", "/key/block", admin_key_block},
    {"POST", "/key/unblock", admin_key_unblock},
    {"POST", "/key/*/reset_spend", admin_key_reset_spend},
    {"POST", "/key/health", admin_key_health},
    {"POST", "/key/import", admin_key_import},
    {"POST", "/team/new", admin_team_new},
    {"POST", "/team/update", admin_team_update},
    {"POST", "/team/delete", admin_team_delete},
    {"GET", "/team/info", admin_team_info},
    {"GET", "/team/list", admin_team_list},
    {"POST", "/team/block", admin_team_block},
    {"POST", "/team/unblock", admin_team_unblock},
    {"POST", "/team/member_add", admin_team_member_add},
    {"POST", "/team/member_delete", admin_team_member_delete},
    {"POST", "/user/new", admin_user_new},
    {"POST", "/user/update", admin_user_update},
    {"POST", "/user/delete", admin_user_delete},
    {"GET", "/user/info", admin_user_info},
    {"GET", "/user/list", admin_user_list},
    {"POST", "/budget/new", admin_budget_new},
    {"POST", "/budget/update", admin_budget_update},
    {"POST", "/budget/delete", admin_budget_delete},
    {"POST", "/budget/info", admin_budget_info},
    {"GET", "/budget/list", admin_budget_list},
    {"POST", "/customer/new", admin_customer_new},
    {"POST", "/customer/update", admin_customer_update},
    {"POST", "/customer/delete", admin_customer_delete},
    {"GET", "/customer/info", admin_customer_info},
    {"GET", "/customer/list", admin_customer_list},
    {"POST", "/customer/block", admin_customer_block},
    {"POST", "/customer/unblock", admin_customer_unblock},
    {"GET", "/spend/logs", admin_spend_logs},
    {"GET", "/spend/keys", admin_spend_keys},
    {"GET", "/spend/users", admin_spend_users},
    {"GET", "/spend/tags", admin_spend_tags},
    {"GET", "/global/spend", admin_global_spend},
    {"POST", "/key_store/backup", admin_backup},
    {"POST", "/key_store/check", admin_check},
};

/* LiteLLM's names of errors, by status. */
static const char *type_of(int status)
{
    switch (status) {
    case 401: return "auth_error";
    case 404: return "not_found_error";
    case 500:
    case 503: return "internal_server_error";
    default: return "bad_request_error";
    }
}

bool admin_fail(struct admin *a, int status, const char *param, const char *format, ...)
{
    char message[MESSAGE_MAX], code[16];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    (void)snprintf(code, sizeof code, "%d", status);
    cJSON_Delete(a->answer);
    a->answer = cJSON_CreateObject();
    a->status = status;
    cJSON *error = cJSON_AddObjectToObject(a->answer, "error");
    admin_add_text(a, error, "message", message);
    admin_add_text(a, error, "type", type_of(status));
    if (param)
        admin_add_text(a, error, "param", param);
    else
        admin_add_null(a, error, "param");
    admin_add_text(a, error, "code", code);
    return false;
}

void admin_add(struct admin *a, cJSON *in, const char *name, cJSON *item)
{
    bool ok = in && item && (name ? cJSON_AddItemToObject(in, name, item) : cJSON_AddItemToArray(in, item));
    if (ok)
        return;
    cJSON_Delete(item);
    a->no_memory = true;
}

void admin_add_text(struct admin *a, cJSON *in, const char *name, const char *text)
{
    admin_add(a, in, name, cJSON_CreateString(text));
}

void admin_add_number(struct admin *a, cJSON *in, const char *name, double number)
{
    admin_add(a, in, name, isnan(number) ? cJSON_CreateNull() : cJSON_CreateNumber(number));
}

void admin_add_null(struct admin *a, cJSON *in, const char *name)
{
    admin_add(a, in, name, cJSON_CreateNull());
}

void admin_add_time(struct admin *a, cJSON *in, const char *name, double unix_ms)
{
    bool known = unix_ms > 0 && unix_ms < 2.5e14; /* else no time_t has it */
    time_t seconds = known ? (time_t)(unix_ms / 1000) : 0;
    struct tm tm;
    char text[40];
    if (known && gmtime_r(&seconds, &tm) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm))
        admin_add_text(a, in, name, text);
    else
        admin_add_null(a, in, name);
}

void admin_add_usd(struct admin *a, cJSON *in, const char *name, int64_t nano)
{
    admin_add_number(a, in, name, (double)nano / NANO_USD);
}

void admin_set(struct admin *a, cJSON *doc, const char *name, cJSON *item)
{
    cJSON_DeleteItemFromObjectCaseSensitive(doc, name);
    admin_add(a, doc, name, item);
}

static int hex_digit(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : isxdigit((unsigned char)c) ? (c | 32) - 'a' + 10 : -1;
}

/* Decodes a value of a query. false: too long, or a NUL. */
static bool decode(struct slice value, char out[ID_MAX + 1])
{
    size_t len = 0;
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i] == '+' ? ' ' : value.ptr[i];
        if (c == '%' && i + 2 < value.len && hex_digit(value.ptr[i + 1]) >= 0 && hex_digit(value.ptr[i + 2]) >= 0) {
            c = (char)(hex_digit(value.ptr[i + 1]) << 4 | hex_digit(value.ptr[i + 2]));
            i += 2;
        }
        if (!c || len == ID_MAX)
            return false;
        out[len++] = c;
    }
    out[len] = '\0';
    return true;
}

bool admin_parameter(const struct admin *a, const char *name, char out[ID_MAX + 1])
{
    struct slice rest = a->request->query;
    size_t len = strlen(name);
    while (rest.len) {
        const char *end = memchr(rest.ptr, '&', rest.len);
        struct slice one = {rest.ptr, end ? (size_t)(end - rest.ptr) : rest.len};
        if (one.len > len && one.ptr[len] == '=' && memcmp(one.ptr, name, len) == 0)
            return decode((struct slice){one.ptr + len + 1, one.len - len - 1}, out);
        rest = end ? (struct slice){end + 1, rest.len - one.len - 1} : (struct slice){NULL, 0};
    }
    return false;
}

long admin_number_parameter(const struct admin *a, const char *name, long otherwise)
{
    char text[ID_MAX + 1], *end;
    if (!admin_parameter(a, name, text) || !*text)
        return otherwise;
    long value = strtol(text, &end, 10);
    return !*end && value >= 0 ? value : otherwise;
}

/* Whether the path is that of the route; '*' is a part without '/'. */
static bool matches(struct slice path, const char *route)
{
    size_t i = 0;
    for (; *route; route++) {
        if (*route != '*') {
            if (i == path.len || path.ptr[i++] != *route)
                return false;
            continue;
        }
        size_t begin = i;
        while (i < path.len && path.ptr[i] != '/')
            i++;
        if (i == begin)
            return false;
    }
    return i == path.len;
}

/* Objects with a member twice are refused, because two readers may differ; those with many, because any key may send a
 * body, and the comparison takes quadratic time. */
static bool check_members(struct admin *a, const cJSON *in)
{
    const cJSON *one, *other;
    if (cJSON_IsObject(in) && cJSON_GetArraySize(in) > MEMBERS_MAX)
        return admin_fail(a, 400, NULL, "An object of the body has more than %d members.", MEMBERS_MAX);
    cJSON_ArrayForEach(one, in)
    {
        for (other = one->next; other && cJSON_IsObject(in); other = other->next)
            if (strcmp(one->string, other->string) == 0)
                return admin_fail(a, 400, one->string, "The body has the field '%.100s' twice.", one->string);
        if (one->child && !check_members(a, one))
            return false;
    }
    return true;
}

/* Reads the body strictly; none is an empty object. */
static bool read_body(struct admin *a)
{
    struct slice body = a->request->body;
    struct json checked = {0};
    if (!body.len)
        body = SLICE("{}");
    bool ok = json_parse(&checked, body.ptr, body.len) && json_type(&checked, 0) == JSON_OBJECT;
    size_t most = a->request->caller.len ? KEY_NODES_MAX : NODES_MAX;
    bool no_memory = checked.no_memory, large = ok && checked.count > most;
    json_free(&checked);
    if (ok && !large)
        a->body = cJSON_ParseWithLength(body.ptr, body.len);
    if (no_memory) {
        a->no_memory = true;
        return false;
    }
    if (ok && !large && !a->body) /* cJSON does not say which of the two */
        return admin_fail(a, 400, NULL, "The body can't be read: it has half of a surrogate pair, or memory ran out.");
    if (!a->body)
        return admin_fail(a, 400, NULL, "The body must be a JSON object%s.", large ? " of reasonable size" : "");
    return check_members(a, a->body);
}

static bool answer(struct admin *a)
{
    struct slice path = a->request->path;
    char customer[ID_MAX];
    bool known = false;
    if (slice_starts(path, "/v1/"))
        path = (struct slice){path.ptr + 3, path.len - 3};
    a->path = path;
    if (slice_starts(path, "/end_user/")) { /* LiteLLM's other name */
        (void)snprintf(customer, sizeof customer, "/customer/%.*s", (int)path.len - 10, path.ptr + 10);
        path = slice_of(customer);
    }
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        if (!matches(path, routes[i].path))
            continue;
        known = true;
        if (slice_is(a->request->method, routes[i].method))
            return read_body(a) && routes[i].answer(a);
    }
    if (known)
        return admin_fail(a, 405, NULL, "This path needs another method.");
    return admin_fail(a, 404, NULL, "There is no such path: see doc/virtual-keys.md.");
}

int admin_answer(const struct objects *o, const struct admin_request *request, struct buf *out)
{
    struct admin a = {.o = o, .request = request, .status = 200};
    (void)answer(&a);
    char *text = a.no_memory || !a.answer ? NULL : cJSON_PrintUnformatted(a.answer);
    if (!text || !buf_add_text(out, text))
        out->failed = true;
    cJSON_free(text);
    cJSON_Delete(a.answer);
    cJSON_Delete(a.body);
    return a.status;
}
