/* pure: the fields of keys, teams, users, budgets and customers. */
#include "proxy/keys/admin_private.h"

#include <math.h>
#include <string.h>

#define NAMES_MAX 1000 /* elements of a list or map */

enum type {
    TEXT,
    FLAG,
    MONEY,    /* USD, at least 0 */
    COUNT,    /* a whole number, at least 0 */
    DURATION, /* of a budget */
    NAMES,    /* a list of texts */
    OBJECT,   /* any JSON object */
    PAIRS,    /* an object of texts */
    COUNTS,   /* an object of whole numbers */
    BUDGETS,  /* a list of {max_budget, budget_duration} */
    MODEL_BUDGETS,
};

#define K (1u << OBJECT_KEY)
#define T (1u << OBJECT_TEAM)
#define U (1u << OBJECT_USER)
#define B (1u << OBJECT_BUDGET)
#define C (1u << OBJECT_CUSTOMER)

static const struct field {
    const char *name;
    enum type type;
    unsigned kinds;
} fields[] = {
    {"key_alias", TEXT, K},
    {"team_alias", TEXT, T},
    {"user_email", TEXT, U},
    {"user_alias", TEXT, U},
    {"user_role", TEXT, U},
    {"alias", TEXT, C},
    {"user_id", TEXT, K},
    {"team_id", TEXT, K | U},
    {"budget_id", TEXT, K | C},
    {"models", NAMES, K | T | U},
    {"aliases", PAIRS, K},
    {"tags", NAMES, K | T},
    {"metadata", OBJECT, K | T | U | C},
    {"permissions", OBJECT, K},
    {"blocked", FLAG, K | T | C},
    {"allowed_routes", NAMES, K},
    {"key_type", TEXT, K},
    {"max_budget", MONEY, K | T | U | B | C},
    {"soft_budget", MONEY, K | T | U | B},
    {"budget_duration", DURATION, K | T | U | B | C},
    {"budget_limits", BUDGETS, K | T | U | B},
    {"tpm_limit", COUNT, K | T | U | B | C},
    {"rpm_limit", COUNT, K | T | U | B | C},
    {"max_parallel_requests", COUNT, K | T | U | B | C},
    {"model_max_budget", MODEL_BUDGETS, K | T | U},
    {"model_rpm_limit", COUNTS, K | T | U},
    {"model_tpm_limit", COUNTS, K | T | U},
};

static bool is_string(const cJSON *item)
{
    return cJSON_IsString(item);
}

static bool is_bool(const cJSON *item)
{
    return cJSON_IsBool(item);
}

static bool is_number(const cJSON *item)
{
    return cJSON_IsNumber(item);
}

static bool is_array(const cJSON *item)
{
    return cJSON_IsArray(item);
}

static bool is_object(const cJSON *item)
{
    return cJSON_IsObject(item);
}

static bool is_money(const cJSON *item)
{
    return cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble * NANO_USD <= MONEY_MAX;
}

static bool is_count(const cJSON *item)
{
    return cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble <= 9e15 &&
           floor(item->valuedouble) == item->valuedouble;
}

static bool is_text(const cJSON *item)
{
    return cJSON_IsString(item) && strlen(item->valuestring) <= ID_MAX;
}

static bool is_duration(const cJSON *item)
{
    struct period period;
    return cJSON_IsString(item) && periods_parse(slice_of(item->valuestring), &period) && period_resets(&period);
}

/* Whether the container has a reasonable number of elements, each as `check` wants it. */
static bool all(const cJSON *container, bool (*check)(const cJSON *item))
{
    const cJSON *one;
    if (cJSON_GetArraySize(container) > NAMES_MAX)
        return false;
    cJSON_ArrayForEach(one, container) if (!check(one) || (one->string && strlen(one->string) > ID_MAX)) return false;
    return true;
}

static bool is_budget(const cJSON *item)
{
    const cJSON *duration = cJSON_GetObjectItemCaseSensitive(item, "budget_duration");
    return cJSON_IsObject(item) && is_money(cJSON_GetObjectItemCaseSensitive(item, "max_budget")) &&
           (!duration || is_duration(duration));
}

static bool is_model_budget(const cJSON *item)
{
    static const struct {
        const char *name;
        bool (*check)(const cJSON *item);
    } members[] = {{"max_budget", is_money},     {"budget_limit", is_money}, {"budget_duration", is_duration},
                   {"time_period", is_duration}, {"tpm_limit", is_count},    {"rpm_limit", is_count}};
    if (!cJSON_IsObject(item))
        return is_money(item);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const cJSON *member = cJSON_GetObjectItemCaseSensitive(item, members[i].name);
        if (member && !cJSON_IsNull(member) && !members[i].check(member))
            return false;
    }
    return true;
}

static const struct {
    const char *expected;
    bool (*shape)(const cJSON *item);         /* of the JSON: else 422, as LiteLLM has it */
    bool (*value)(const cJSON *item);         /* else 400; NULL: any */
    bool (*element_shape)(const cJSON *item); /* of each element: else 422, */
    bool (*element)(const cJSON *item);       /* else 400 */
} types[] = {
    [TEXT] = {"a text of at most 255 bytes", is_string, is_text, NULL, NULL},
    [FLAG] = {"true or false", is_bool, NULL, NULL, NULL},
    [MONEY] = {"USD, 0 to 1000000", is_number, is_money, NULL, NULL},
    [COUNT] = {"a whole number, 0 or more", is_number, is_count, NULL, NULL},
    [DURATION] = {"a duration like 30s, 1h, 1d, 30d or 1mo", is_string, is_duration, NULL, NULL},
    [NAMES] = {"a list of texts of at most 255 bytes", is_array, NULL, is_string, is_text},
    [OBJECT] = {"an object", is_object, NULL, NULL, NULL},
    [PAIRS] = {"an object of texts of at most 255 bytes", is_object, NULL, is_string, is_text},
    [COUNTS] = {"an object of whole numbers", is_object, NULL, is_number, is_count},
    [BUDGETS] = {"at most 3 objects {max_budget, budget_duration}", is_array, NULL, is_object, is_budget},
    [MODEL_BUDGETS] = {"an object of {max_budget, budget_duration, rpm_limit, tpm_limit} by model", is_object, NULL,
                       NULL, is_model_budget},
};

static bool check(struct admin *a, const struct field *field, const cJSON *item)
{
    bool (*of_element)(const cJSON *item) = types[field->type].element_shape;
    bool shape = types[field->type].shape(item) && (!of_element || all(item, of_element)),
         value = shape && (!types[field->type].value || types[field->type].value(item));
    if (value && types[field->type].element)
        value = all(item, types[field->type].element);
    if (value && field->type == BUDGETS)
        value = cJSON_GetArraySize(item) < ACCOUNT_BUDGETS;
    return value ||
           admin_fail(a, shape ? 400 : 422, field->name, "%s: expected %s.", field->name, types[field->type].expected);
}

bool admin_take_fields(struct admin *a, enum object_kind kind, cJSON *doc)
{
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        const struct field *field = &fields[i];
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(a->body, field->name);
        if (!item || !(field->kinds & 1u << kind))
            continue;
        if (cJSON_IsNull(item))
            cJSON_DeleteItemFromObjectCaseSensitive(doc, field->name);
        else if (check(a, field, item))
            admin_set(a, doc, field->name, cJSON_Duplicate(item, true));
        else
            return false;
    }
    return true;
}
