/* The proxy's options in the fields of a start. Pure. */
#include "cgi/serve_options.h"

#include "common/guard.h"
#include "proxy/terms/strategy_id.h"

#include <string.h>

static bool read_flag(const struct field *field, struct serve_options *out, struct refusal *why)
{
    out->risk_router = field->kind == FIELD_TRUE || (field->kind == FIELD_TEXT && slice_is(field->value, "1"));
    return out->risk_router || field->kind == FIELD_FALSE || field->value.len == 0 || slice_is(field->value, "0") ||
           refuse_field(why, "risk_router", "invalid_flag",
                        "risk_router must be true or false (in a form: 1 or absent).");
}

static bool read_strategy(const struct field *field, struct serve_options *out, struct refusal *why)
{
    char name[64] = "";
    enum strategy_id known;
    struct slice value = slice_trim(field->value);
    if (field->kind == FIELD_TEXT && value.len < sizeof name)
        memcpy(name, value.ptr, value.len);
    out->strategy = value;
    return (field->kind == FIELD_TEXT && !value.len) ||
           (*name && strlen(name) == value.len && strategy_find(name, &known)) ||
           refuse_field(why, "strategy", "invalid_strategy", "strategy must be one of %s.", strategy_names());
}

static bool read_host(const struct field *field, struct serve_options *out, struct refusal *why)
{
    static const char *const hosts[] = {"", "127.0.0.1", "0.0.0.0", "::"};
    out->host = slice_trim(field->value);
    for (size_t i = 0; field->kind == FIELD_TEXT && i < sizeof hosts / sizeof *hosts; i++)
        if (slice_is(out->host, hosts[i]))
            return true;
    return refuse_field(why, "host", "invalid_host",
                        "host must be 127.0.0.1 (this machine only), or 0.0.0.0 or :: (also other machines).");
}

/* Reads host names, separated by spaces or commas. */
static bool read_allowed(const struct field *field, struct serve_options *out, struct refusal *why)
{
    struct slice rest = field->value;
    unsigned count = 0;
    bool good = field->kind == FIELD_TEXT;
    while (good && rest.len) {
        size_t len = 0;
        while (len < rest.len && rest.ptr[len] != ' ' && rest.ptr[len] != ',')
            len++;
        if (len) {
            good = count < SERVE_HOSTS_MAX && guard_is_host_name((struct slice){rest.ptr, len});
            if (good)
                out->allow_host[count++] = (struct slice){rest.ptr, len};
        }
        size_t step = len < rest.len ? len + 1 : len;
        rest = (struct slice){rest.ptr + step, rest.len - step};
    }
    return good || refuse_field(why, "allow_host", "invalid_host",
                                "allow_host must be at most %d host names without ports, separated by commas.",
                                SERVE_HOSTS_MAX);
}

static const struct {
    const char *name;
    bool (*read)(const struct field *field, struct serve_options *out, struct refusal *why);
} rows[] = {
    {"risk_router", read_flag},
    {"strategy", read_strategy},
    {"host", read_host},
    {"allow_host", read_allowed},
};

bool serve_options_has(struct slice name)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (slice_is(name, rows[i].name))
            return true;
    return false;
}

bool serve_options_read(const struct field *field, struct serve_options *out, bool *taken, struct refusal *why)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        *taken = slice_is(field->name, rows[i].name);
        if (*taken)
            return rows[i].read(field, out, why);
    }
    return true;
}
