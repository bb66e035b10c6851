/* pure. Reads router_settings.error_rules: the user's rows of the table of failures (terms/failure_patterns.h). */
#include "proxy/config/private.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WHAT "router_settings.error_rules[]"
#define NAME_MAX_LEN 32

static char *copy(struct config_loader *l, const char *text)
{
    char *made = strdup(text);
    if (!made)
        config_no_memory(l);
    return made;
}

/* The deployment of this id, to be borrowed for as long as the configuration lives. */
static const char *find_deployment(const struct config *c, const char *id)
{
    for (unsigned i = 0; i < c->deployment_count; i++)
        if (strcmp(c->deployments[i].id, id) == 0)
            return c->deployments[i].id;
    return NULL;
}

/* Sets which errors the rule is about. false: an error or a warning was given, and the rule is not used. */
static bool read_conditions(struct config_loader *l, const struct error_rule_source *s, unsigned line,
                            struct failure_pattern *w)
{
    const struct provider *provider = s->provider.text ? provider_find(slice_of(s->provider.text)) : NULL;
    char why[128];
    if (!s->provider.text && !s->deployment.text && !s->words.text && !s->expression.text && s->status < 0) {
        config_error(l, line, "%s: give provider, deployment, status, words or expression", WHAT);
        return false;
    }
    if (s->words.text && s->expression.text) {
        config_error(l, line, "%s: give words or expression, not both", WHAT);
        return false;
    }
    if (s->provider.text && !provider) {
        config_error(l, s->provider.line,
                     "%s.provider: unknown provider \"%.64s\": use the part of `model` before the /", WHAT,
                     s->provider.text);
        return false;
    }
    w->provider = provider ? provider->prefix : NULL;
    w->deployment = s->deployment.text ? find_deployment(l->config, s->deployment.text) : NULL;
    if (s->deployment.text && !w->deployment) {
        config_warn(l, s->deployment.line, "%s.deployment: there is no deployment \"%.64s\"", WHAT, s->deployment.text);
        return false;
    }
    w->status = s->status < 0 ? 0 : s->status;
    char *words = copy(l, s->words.text ? s->words.text : "");
    for (char *at = words; at && *at; at++)
        *at = (char)tolower((unsigned char)*at);
    w->text = words;
    if (!s->expression.text)
        return words;
    w->expression = failure_expression(s->expression.text, why, sizeof why);
    if (!w->expression)
        config_error(l, s->expression.line, "%s.expression: %s", WHAT, why);
    return words && w->expression;
}

/* Sets what of the request is left out. */
static bool read_leave_out(struct config_loader *l, const struct schema_text *given, struct failure_pattern *w)
{
    if (!given->text)
        return true;
    w->parts_given = true;
    w->parts = part_named(given->text);
    if (w->parts == PART_EFFORT_VALUE) /* whose values the error names */
        w->parts = PART_EFFORT;
    if (w->parts || strcmp(given->text, "nothing") == 0)
        return true;
    w->parts = part_of_field(slice_of(given->text));
    if (!w->parts)
        config_error(l, given->line, "%s.leave_out: a request can't be sent without \"%.64s\"", WHAT, given->text);
    else if (w->parts == PART_FIELD)
        w->field = copy(l, given->text);
    return w->parts && (w->parts != PART_FIELD || w->field);
}

static void free_rule(struct failure_pattern *w)
{
    free((char *)w->name);
    free((char *)w->text);
    free((char *)w->field);
    failure_expression_free(w->expression);
}

static void add_rule(struct config_loader *l, const struct yaml_node *n, unsigned number)
{
    struct error_rule_source s;
    char name[NAME_MAX_LEN];
    struct failure_pattern w = {.cooldown_s = FAILURE_COOLDOWN_USUAL};
    schema_init(&CONFIG_KEYS, SECTION_ERROR_RULE, &s);
    if (n->kind == YAML_MAPPING)
        schema_read(&l->reader, &CONFIG_KEYS, SECTION_ERROR_RULE, n, &s);
    else
        config_error(l, n->line, "%s: expected a mapping with keys such as words and leave_out", WHAT);
    (void)snprintf(name, sizeof name, "error_rules[%u]", number);
    w.kind = s.as;
    w.kind_given = s.as != FAILURE_NONE;
    w.then = s.then;
    if (s.cooldown_ms >= 0)
        w.cooldown_s = (s.cooldown_ms + 999) / 1000;
    if (n->kind == YAML_MAPPING && read_conditions(l, &s, n->line, &w) && read_leave_out(l, &s.leave_out, &w) &&
        (w.name = copy(l, name)))
        l->config->error_rules[l->config->error_rule_count++] = w;
    else
        free_rule(&w);
}

void config_error_rules(struct config_loader *l)
{
    const struct yaml_node *list = l->settings.error_rules;
    unsigned count = 0;
    for (const struct yaml_node *n = list ? list->children : NULL; n; n = n->next)
        count++;
    if (!count)
        return;
    l->config->error_rules = calloc(count, sizeof *l->config->error_rules);
    if (!l->config->error_rules) {
        config_no_memory(l);
        return;
    }
    count = 0;
    for (const struct yaml_node *n = list->children; n; n = n->next)
        add_rule(l, n, count++);
}

void config_free_error_rules(struct config *c)
{
    for (unsigned i = 0; i < c->error_rule_count; i++)
        free_rule(&c->error_rules[i]);
    free(c->error_rules);
}

static void describe_conditions(const struct failure_pattern *w, struct buf *out)
{
    const char *between = ": ";
    const char *const texts[][2] = {{w->provider, ""}, {w->deployment, ""}, {*w->text ? w->text : NULL, "\""}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (!texts[i][0])
            continue;
        buf_add_format(out, "%s%s%s%s", between, texts[i][1], texts[i][0], texts[i][1]);
        between = ", ";
    }
    if (w->expression)
        buf_add_format(out, "%san expression", between);
    if (w->status)
        buf_add_format(out, "%sstatus %d", w->expression ? ", " : between, w->status);
}

void config_describe_error_rules(const struct config *c, struct buf *out)
{
    for (unsigned i = 0; i < c->error_rule_count; i++) {
        const struct failure_pattern *w = &c->error_rules[i];
        buf_add_text(out, w->name);
        describe_conditions(w, out);
        BUF_ADD(out, " →");
        if (w->parts_given)
            buf_add_format(out, " leave out %s;", w->field ? w->field : w->parts ? part_name(w->parts) : "nothing");
        if (w->then)
            buf_add_format(out, " then %s;", failure_then_names[w->then]);
        if (w->cooldown_s != FAILURE_COOLDOWN_USUAL)
            buf_add_format(out, " cooldown %d s;", w->cooldown_s);
        if (w->kind_given)
            buf_add_format(out, " as %s;", failure_rule(w->kind)->name);
        BUF_ADD(out, "\n");
    }
}
