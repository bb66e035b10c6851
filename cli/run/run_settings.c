/* The table of policy keys, and the layers of a run's settings. */
#include "cli/run/run_settings.h"

#include "common/schema.h"
#include "common/yaml_scalar.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const char *const PROVIDERS[] = {"auto", "openai", "qwen", "no-openai", "huggingface", NULL};
/* By enum codex_provider; then "proxy", a synonym of "litellm". */
static const char *const CODEX[] = {"auto", "litellm", "standard", "huggingface", "proxy", NULL};

/* Filled by the rows: the settings, then the blocks that have their own readers. */
struct policy {
    struct run_settings settings;
    const struct yaml_node *rules, *order, *adaptive;
};

enum { TOP_LEVEL, TASK_RULES };

/* In the order of enum setting, followed by the other sections. */
static const struct schema_row KEYS[] = {
#define ROW(SECTION, TYPE, NAME, MIN, MAX, WORDS, FIELD, INITIAL, DOC) \
    {SECTION, SCHEMA_USED, SCHEMA_##TYPE, NAME, MIN, MAX, offsetof(struct policy, FIELD), {INITIAL}, DOC, WORDS}
#define KEY(TYPE, NAME, MIN, MAX, WORDS, FIELD, INITIAL, DOC) \
    ROW(TOP_LEVEL, TYPE, NAME, MIN, MAX, WORDS, FIELD, INITIAL, DOC)
#define RULE(NAME, CLASS) ROW(TASK_RULES, WORD, NAME, 0, 0, PROVIDERS, settings.rules[CLASS], "auto", "")
    KEY(WORD, "default_provider", 0, 0, PROVIDERS, settings.provider, "auto",
        "Whose models a run may use. `auto`: decided by the task; `openai`, `no-openai`, `huggingface`: aliases of that "
        "provider; `qwen`: local Qwen on Ollama, without the proxy."),
    KEY(WORD, "default_codex_provider", 0, 0, CODEX, settings.codex_provider, "auto",
        "What Codex runs with first. `proxy` (or `litellm`): the proxy; `standard`: plain Codex with its own login; "
        "`huggingface`: Hugging Face's router; `auto`: the first of `fallback_order`."),
    KEY(BOOL, "open_models_only", 0, 0, NULL, settings.open_models_only, "false",
        "Use only Hugging Face and local models, also as fallbacks."),
    KEY(BOOL, "avoid_openai", 0, 0, NULL, settings.avoid_openai, "false",
        "Don't use OpenAI: neither its API, nor as a fallback, nor plain Codex."),
    KEY(NUMBER, "max_cost_usd", 0, 1e6, NULL, settings.max_cost_usd, "0",
        "Cost limit of one run; 0: none. A run estimated above it is refused, a run that exceeds it is stopped, and steps "
        "of unknown cost are skipped."),
    KEY(MAPPING, "task_provider_rules", 0, 0, NULL, rules, "",
        "`simple`, `medium`, `complex`: the provider for tasks of this class, if `default_provider` is `auto`."),
    KEY(LIST, "fallback_order", 0, 0, CODEX + 1, order, "",
        "Order in which providers are tried, if one is not ready or fails."),
    KEY(MAPPING, "adaptive_router", 0, 0, NULL, adaptive, "",
        "Learns from outcomes and puts the provider more likely to succeed first. See the keys below."),
    KEY(COUNT, "max_input_tokens", 50, 1e7, NULL, settings.max_input_tokens, "12000",
        "The middle of a longer prompt is cut."),
    KEY(COUNT, "max_output_tokens", 1, 1e7, NULL, settings.max_output_tokens, "2000",
        "Expected output, for the cost estimate; with `qwen`, also the limit of the reply."),
    RULE("simple", TASK_SIMPLE),
    RULE("medium", TASK_MEDIUM),
    RULE("complex", TASK_COMPLEX),
#undef RULE
#undef KEY
#undef ROW
    {0},
};

static const struct schema_section SECTIONS[] = {
    [TOP_LEVEL] = {"", KEYS},
    [TASK_RULES] = {"task_provider_rules", KEYS},
};
static const struct schema POLICY = {SECTIONS, 0};

/* Options and variables that also set a setting. */
static const struct {
    const char *flag, *variable; /* NULL: none */
    size_t given;                /* offset of the option's value in struct run_flags */
} ALSO[SETTING_COUNT] = {
    [SETTING_PROVIDER] = {"--provider", "CODEX_ROUTER_PROVIDER", offsetof(struct run_flags, provider)},
    [SETTING_CODEX_PROVIDER] = {"--codex-provider", "CODEX_ROUTER_CODEX_PROVIDER",
                                offsetof(struct run_flags, codex_provider)},
    [SETTING_AVOID_OPENAI] = {NULL, "CODEX_ROUTER_OPENAI_MODE", 0},
    [SETTING_MAX_COST] = {"--max-cost-usd", NULL, offsetof(struct run_flags, max_cost)},
    [SETTING_MAX_INPUT] = {"--max-input-tokens", NULL, offsetof(struct run_flags, max_input)},
    [SETTING_MAX_OUTPUT] = {"--max-output-tokens", NULL, offsetof(struct run_flags, max_output)},
};

const char *run_provider_name(unsigned provider)
{
    return PROVIDERS[provider];
}

const char *codex_provider_name(unsigned provider)
{
    return CODEX[provider];
}

static unsigned codex_provider_of_word(unsigned index)
{
    return index < CODEX_PROVIDERS ? index : CODEX_LITELLM;
}

static void read_order(struct schema_reader *r, const struct yaml_node *list, struct codex_order *out)
{
    const struct schema_row *row = &KEYS[SETTING_FALLBACK_ORDER];
    const struct schema_row word = {.type = SCHEMA_WORD, .words = row->words};
    struct codex_order order = {0};
    for (const struct yaml_node *entry = list->children; entry; entry = entry->next) {
        unsigned index, twin = 0;
        if (!schema_read_value(r, "fallback_order[]", &word, entry, &index))
            return;
        unsigned provider = codex_provider_of_word(index + 1); /* the row's words start after "auto" */
        while (twin < order.count && order.list[twin] != provider)
            twin++;
        if (twin < order.count) {
            schema_error(r, entry->line, "%s: \"%s\" is listed twice", row->name, entry->scalar);
            return;
        }
        order.list[order.count++] = provider;
    }
    if (order.count)
        *out = order;
    else
        schema_error(r, list->line, "%s: the list is empty", row->name);
}

static void read_policy(struct schema_reader *r, const struct yaml_node *root, struct policy *p)
{
    struct run_settings *s = &p->settings;
    schema_read(r, &POLICY, TOP_LEVEL, root, p);
    schema_read(r, &POLICY, TASK_RULES, p->rules, p);
    for (const struct yaml_node *n = p->rules ? p->rules->children : NULL; n; n = n->next)
        if (yaml_is_null(n)) /* reports a class without a provider */
            (void)schema_read_value(r, SECTIONS[TASK_RULES].name, &KEYS[SETTING_COUNT], n, &s->rules[0]);
    if (p->order)
        read_order(r, p->order, &s->fallback_order);
    r->error_count += markov_settings_read(r->file, p->adaptive, &s->adaptive, r->errors);
    for (enum setting i = 0; i < SETTING_COUNT; i++) {
        const struct yaml_node *n = yaml_get(root, KEYS[i].name);
        if (n && !yaml_is_null(n))
            s->from[i] = (struct layer_source){LAYER_POLICY, NULL, n->key_line};
    }
}

/* Reads the value of an option or variable. */
static void read_text(struct schema_reader *r, struct policy *p, enum setting setting, enum layer layer,
                      const char *where, const char *text)
{
    const struct yaml_node n = {.kind = YAML_SCALAR, .scalar = (char *)(uintptr_t)text};
    (void)schema_read_value(r, where, &KEYS[setting], &n, (char *)p + KEYS[setting].offset);
    p->settings.from[setting] = (struct layer_source){layer, where, 0};
}

/* CODEX_ROUTER_OPENAI_MODE has its own values. */
static void read_openai_mode(struct schema_reader *r, struct run_settings *s, const char *variable, const char *text)
{
    static const char *const AVOID[] = {"avoid", "off", "depleted", "quota", "no-openai", NULL};
    static const char *const USE[] = {"use", "on", "auto", NULL};
    unsigned index;
    bool avoid = schema_find_word(AVOID, text, &index);
    if (!avoid && !schema_find_word(USE, text, &index)) {
        schema_error(r, 0, "%s: expected one of avoid, off, depleted, quota, no-openai, or use, found \"%.40s\"",
                     variable, yaml_is_clean(text) ? text : "?");
        return;
    }
    s->avoid_openai = avoid;
    s->from[SETTING_AVOID_OPENAI] = (struct layer_source){LAYER_ENVIRONMENT, variable, 0};
}

static void set_defaults(struct policy *p)
{
    *p = (struct policy){.settings.fallback_order = {{CODEX_LITELLM, CODEX_STANDARD}, 2}};
    schema_init(&POLICY, TOP_LEVEL, p);
    schema_init(&POLICY, TASK_RULES, p);
    markov_settings_init(&p->settings.adaptive, MARKOV_RUNS);
}

bool run_settings_read(struct run_settings *s, const char *file, const struct yaml_node *root,
                       const char *(*env)(const char *name, void *ctx), void *env_ctx, const struct run_flags *flags,
                       struct buf *errors)
{
    struct schema_reader r = {.file = file, .errors = errors};
    struct policy p;
    set_defaults(&p);
    if (root)
        read_policy(&r, root, &p);
    r.file = NULL;
    for (enum setting i = 0; i < SETTING_COUNT; i++) {
        const char *variable = ALSO[i].variable, *value = variable ? env(variable, env_ctx) : NULL;
        const char *given = ALSO[i].flag ? *(const char *const *)(const void *)((const char *)flags + ALSO[i].given)
                                         : NULL;
        if (value && *value && i == SETTING_AVOID_OPENAI)
            read_openai_mode(&r, &p.settings, variable, value);
        else if (value && *value)
            read_text(&r, &p, i, LAYER_ENVIRONMENT, variable, value);
        if (given)
            read_text(&r, &p, i, LAYER_FLAG, ALSO[i].flag, given);
    }
    *s = p.settings;
    s->codex_provider = codex_provider_of_word(s->codex_provider);
    return r.error_count == 0;
}

void run_settings_source(const struct run_settings *s, enum setting setting, char *out, size_t size)
{
    const struct layer_source *from = &s->from[setting];
    if (from->layer == LAYER_POLICY)
        snprintf(out, size, "policy, line %u", from->line);
    else
        snprintf(out, size, "%s", from->layer == LAYER_DEFAULT ? "default" : from->where);
}

const char *run_settings_name(enum setting setting)
{
    return KEYS[setting].name;
}

static void add_rules(const struct run_settings *s, struct buf *out)
{
    for (const struct schema_row *rule = &KEYS[SETTING_COUNT]; rule->name; rule++)
        buf_add_format(out, "%s%s: %s", rule == &KEYS[SETTING_COUNT] ? "" : ", ", rule->name,
                       PROVIDERS[s->rules[rule - &KEYS[SETTING_COUNT]]]);
}

void run_settings_value(const struct run_settings *s, enum setting setting, struct buf *out)
{
    const struct schema_row *row = &KEYS[setting];
    const void *field = (const char *)s + row->offset;
    if (setting == SETTING_TASK_RULES)
        add_rules(s, out);
    else if (setting == SETTING_ADAPTIVE)
        buf_add_text(out, !s->adaptive.enabled           ? "off"
                          : s->adaptive.shadow_mode      ? "shadow"
                          : s->adaptive.canary_share < 1 ? "canary"
                                                         : "live");
    else if (setting == SETTING_FALLBACK_ORDER)
        for (unsigned i = 0; i < s->fallback_order.count; i++)
            buf_add_format(out, "%s%s", i ? ", " : "", CODEX[s->fallback_order.list[i]]);
    else if (row->type == SCHEMA_WORD)
        buf_add_text(out, row->words[*(const unsigned *)field]);
    else if (row->type == SCHEMA_BOOL)
        buf_add_text(out, *(const bool *)field ? "true" : "false");
    else if (row->type == SCHEMA_COUNT)
        buf_add_number(out, *(const int64_t *)field);
    else
        buf_add_format(out, "%.10g", *(const double *)field);
}

bool run_settings_reference(struct buf *out)
{
    struct policy defaults;
    set_defaults(&defaults);
    BUF_ADD(out, "| key | value | default | meaning | also by |\n|---|---|---|---|---|\n");
    for (enum setting i = 0; i < SETTING_COUNT; i++) {
        buf_add_format(out, "| `%s` | ", KEYS[i].name);
        schema_expects(&KEYS[i], out);
        BUF_ADD(out, " | ");
        run_settings_value(&defaults.settings, i, out);
        buf_add_format(out, " | %s | ", KEYS[i].doc);
        if (ALSO[i].flag)
            buf_add_format(out, "`%s`%s", ALSO[i].flag, ALSO[i].variable ? ", " : "");
        if (ALSO[i].variable)
            buf_add_format(out, "`%s`", ALSO[i].variable);
        BUF_ADD(out, " |\n");
    }
    BUF_ADD(out, "\nKeys of `adaptive_router`:\n\n");
    return markov_settings_reference(MARKOV_RUNS, out);
}
