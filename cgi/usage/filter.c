/* The filter of a URL: reading it, writing it again, and the form's fields. */
#include "cgi/usage/app.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define NAMES_SHOWN 200 /* options of a list */

static const char *const PARAMETERS[] = {"alias", "provider", "outcome", "min_cost"};

/* Decodes %41 and +. false: not valid. */
static bool decode(struct slice text, char out[LINE_NAME_MAX + 1], struct slice *value)
{
    size_t used = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i] == '+' ? ' ' : text.ptr[i];
        if (c == '%') {
            char digits[] = {i + 2 < text.len ? text.ptr[i + 1] : 0, i + 2 < text.len ? text.ptr[i + 2] : 0, 0};
            unsigned byte;
            if (!isxdigit((unsigned char)digits[0]) || !isxdigit((unsigned char)digits[1]) ||
                sscanf(digits, "%2x", &byte) != 1 || !byte)
                return false;
            c = (char)byte;
            i += 2;
        }
        if (used == LINE_NAME_MAX)
            return false;
        out[used++] = c;
    }
    *value = (struct slice){out, used};
    return true;
}

bool filter_read(struct slice query, struct usage_filter *filter, struct buf *error)
{
    *filter = (struct usage_filter){0};
    for (size_t i = 0; i < sizeof PARAMETERS / sizeof *PARAMETERS; i++) {
        struct slice raw, value;
        char text[LINE_NAME_MAX + 1];
        if (!range_parameter(query, PARAMETERS[i], &raw) || !raw.len)
            continue;
        if (!decode(raw, text, &value)) {
            buf_add_format(error, "%s: too long, or an invalid %% escape.", PARAMETERS[i]);
            return false;
        }
        if (!usage_filter_set(filter, PARAMETERS[i], value, error)) {
            BUF_ADD(error, ".");
            return false;
        }
    }
    return true;
}

static void add_parameter(const char *name, const char *value, struct buf *out)
{
    if (!*value)
        return;
    buf_add_format(out, "&amp;%s=", name);
    for (; *value; value++)
        buf_add_format(out, isalnum((unsigned char)*value) || strchr("-._~", *value) ? "%c" : "%%%02X",
                       (unsigned char)*value);
}

static void cost_text(const struct usage_filter *f, char text[32])
{
    text[0] = '\0';
    if (f->min_cost_usd > 0)
        (void)snprintf(text, 32, "%.9g", f->min_cost_usd);
}

void filter_add_query(const struct usage_filter *f, struct buf *out)
{
    char cost[32];
    cost_text(f, cost);
    add_parameter("alias", f->alias, out);
    add_parameter("provider", f->provider, out);
    add_parameter("outcome", usage_outcome_name(f->outcome), out);
    add_parameter("min_cost", cost, out);
}

void filter_add_words(const struct usage_filter *f, struct buf *out)
{
    const struct {
        const char *before, *value;
    } PARTS[] = {{"alias ", f->alias}, {"provider ", f->provider}, {"outcome ", usage_outcome_name(f->outcome)}};
    const char *between = "";
    for (size_t i = 0; i < sizeof PARTS / sizeof *PARTS; i++) {
        if (!*PARTS[i].value)
            continue;
        buf_add_format(out, "%s%s", between, PARTS[i].before);
        template_escape(out, slice_of(PARTS[i].value));
        between = ", ";
    }
    if (f->min_cost_usd > 0)
        buf_add_format(out, "%scost at least $%.9g", between, f->min_cost_usd);
}

static void add_option(const char *name, bool selected, struct buf *out)
{
    BUF_ADD(out, "<option value=\"");
    template_escape(out, slice_of(name));
    buf_add_text(out, selected ? "\" selected>" : "\">");
    template_escape(out, slice_of(*name ? name : "all"));
    BUF_ADD(out, "</option>\n");
}

/* All names of the dimension that the log has, and the current one. */
void filter_add_names(const struct fold *fold, enum usage_by by, const char *current, struct buf *out)
{
    struct report r;
    bool found = !*current;
    add_option("", !*current, out);
    if (report_make(&r, fold, &(struct report_query){.by = by, .then = BY_NONE}))
        for (uint32_t i = 0; i < r.count && i < NAMES_SHOWN; i++) {
            const char *name = r.rows[i].name;
            bool selected = strcmp(name, current) == 0;
            if (!*name || *name == '(')
                continue;
            add_option(name, selected, out);
            found = found || selected;
        }
    if (!found)
        add_option(current, true, out);
    report_free(&r);
}

void filter_add_outcomes(const struct usage_filter *f, struct buf *out)
{
    for (unsigned i = 0; i < OUTCOMES; i++)
        add_option(usage_outcome_name((enum usage_outcome)i), f->outcome == (enum usage_outcome)i, out);
}

void filter_add_cost(const struct usage_filter *f, struct buf *out)
{
    char cost[32];
    cost_text(f, cost);
    buf_add_text(out, cost);
}
