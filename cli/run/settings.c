/* The policy's keys as one table, and the layers that decide a run's settings. */
#include "cli/run/settings.h"

#include "common/yaml_scalar.h"

#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const char *const PROVIDERS[] = {"auto", "openai", "qwen", "no-openai", "huggingface", NULL};
static const char *const CODEX[] = {"auto", "litellm", "standard", "huggingface", NULL};
static const char *const CODEX_ONLY[] = {"litellm", "standard", "huggingface", NULL};
static const char *const CLASSES[] = {"simple", "medium", "complex", NULL};

enum key_type {
    KEY_WORD, /* unsigned: index into words */
    KEY_BOOL,
    KEY_NUMBER,   /* double */
    KEY_COUNT,    /* int64_t */
    KEY_RULES,    /* a mapping of task classes to words */
    KEY_ORDER,    /* a list of words */
    KEY_ADAPTIVE, /* the block of common/markov.h */
};

static const struct key {
    const char *name;
    enum key_type type;
    enum setting setting;
    size_t offset;
    const char *const *words;
    double min, max;
    const char *flag, *variable; /* that set it, too; NULL: none */
    const char *initial, *doc;
} KEYS[] = {
#define FIELD(name) offsetof(struct run_settings, name)
    {"default_provider", KEY_WORD, SETTING_PROVIDER, FIELD(provider), PROVIDERS, 0, 0, "--provider",
     "CODEX_ROUTER_PROVIDER", "auto",
     "Whose models a run takes. `auto`: the task's words decide; `openai`, `no-openai`, `huggingface`: the aliases of that name; "
     "`qwen`: the model on this machine, straight from Ollama."},
    {"default_codex_provider", KEY_WORD, SETTING_CODEX_PROVIDER, FIELD(codex_provider), CODEX, 0, 0, "--codex-provider",
     "CODEX_ROUTER_CODEX_PROVIDER", "auto",
     "What Codex is run with first: `litellm` is the proxy, `standard` Codex's own login, `huggingface` Hugging Face's router; "
     "`auto`: the first of `fallback_order`."},
    {"open_models_only", KEY_BOOL, SETTING_OPEN_MODELS_ONLY, FIELD(open_models_only), NULL, 0, 0, NULL, NULL, "false",
     "Only Hugging Face and the model on this machine, fallbacks included."},
    {"avoid_openai", KEY_BOOL, SETTING_AVOID_OPENAI, FIELD(avoid_openai), NULL, 0, 0, NULL, "CODEX_ROUTER_OPENAI_MODE",
     "false", "Nothing of OpenAI, fallbacks and Codex's own login included."},
    {"max_cost_usd", KEY_NUMBER, SETTING_MAX_COST, FIELD(max_cost_usd), NULL, 0, 1e6, "--max-cost-usd", NULL, "0",
     "Limit for one run; 0: none. A run that would pass it is refused, one that passes it is stopped, and what costs an unknown "
     "amount is not run."},
    {"task_provider_rules", KEY_RULES, SETTING_TASK_RULES, FIELD(rules), PROVIDERS, 0, 0, NULL, NULL, "auto for each",
     "`simple`, `medium`, `complex`: the provider for tasks of that class, where the provider is `auto`."},
    {"fallback_order", KEY_ORDER, SETTING_FALLBACK_ORDER, FIELD(fallback_order), CODEX_ONLY, 0, 0, NULL, NULL,
     "[litellm, standard]", "What is tried when the one before was not ready or ended with an error."},
    {"adaptive_router", KEY_ADAPTIVE, SETTING_ADAPTIVE, FIELD(adaptive), NULL, 0, 0, NULL, NULL, "off",
     "Learns from the outcomes of runs, and puts the likelier provider first; its keys are in the table below."},
    {"max_input_tokens", KEY_COUNT, SETTING_MAX_INPUT, FIELD(max_input_tokens), NULL, 50, 1e7, "--max-input-tokens",
     NULL, "12000", "A longer prompt is cut in its middle."},
    {"max_output_tokens", KEY_COUNT, SETTING_MAX_OUTPUT, FIELD(max_output_tokens), NULL, 1, 1e7, "--max-output-tokens",
     NULL, "2000", "What the estimate of costs reckons with; of `qwen` also the limit of the reply."},
#undef FIELD
};

#define KEY_ROWS (sizeof KEYS / sizeof *KEYS)

const char *run_provider_name(unsigned provider)
{
    return PROVIDERS[provider];
}

const char *codex_provider_name(unsigned provider)
{
    return CODEX[provider];
}

struct reader {
    struct run_settings *s;
    const char *file;
    struct buf *errors;
    unsigned faults;
};

static PRINTF_LIKE(3, 4) void fault(struct reader *r, unsigned line, const char *format, ...)
{
    char what[512];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    r->faults++;
    if (r->errors->len)
        buf_add_char(r->errors, '\n');
    if (line)
        buf_add_format(r->errors, "%s:%u: ", r->file, line);
    buf_add_text(r->errors, what);
}

static bool find_word(const char *const *words, const char *text, unsigned *index)
{
    for (*index = 0; words[*index]; ++*index)
        if (strcmp(words[*index], text) == 0)
            return true;
    return false;
}

static const char *join(const char *const *words, char *out, size_t size)
{
    size_t len = 0;
    *out = '\0';
    for (unsigned i = 0; words[i] && len < size; i++)
        len += (size_t)snprintf(out + len, size - len, "%s%s", i ? ", " : "", words[i]);
    return out;
}

/* What a key takes: "one of auto, openai", "a number from 0 to 1000000". */
static const char *expects(const struct key *key, char *out, size_t size)
{
    char words[128];
    if (key->type == KEY_BOOL)
        snprintf(out, size, "true or false");
    else if (key->type == KEY_NUMBER || key->type == KEY_COUNT)
        snprintf(out, size, "a %snumber from %.10g to %.10g", key->type == KEY_COUNT ? "whole " : "", key->min,
                 key->max);
    else if (key->type == KEY_ADAPTIVE)
        snprintf(out, size, "a mapping");
    else
        snprintf(out, size, "%s %s",
                 key->type == KEY_WORD    ? "one of"
                 : key->type == KEY_ORDER ? "a list out of"
                                          : "a mapping of simple, medium and complex, each to one of",
                 join(key->words, words, sizeof words));
    return out;
}

static void wrong(struct reader *r, const struct key *key, const char *below, const struct yaml_node *n)
{
    char expected[256], found[64];
    struct key word = *key;
    if (*below)
        word.type = KEY_WORD;
    yaml_describe(n, false, found, sizeof found);
    fault(r, n->line, "%s%s: expected %s, found %s", key->name, below, expects(&word, expected, sizeof expected),
          found);
}

static bool read_word(struct reader *r, const struct key *key, const char *below, const struct yaml_node *n,
                      unsigned *out)
{
    unsigned index;
    if (n->kind != YAML_SCALAR || !find_word(key->words, n->scalar, &index)) {
        wrong(r, key, below, n);
        return false;
    }
    *out = index;
    return true;
}

static bool in_range(const struct key *key, double value)
{
    return value >= key->min && value <= key->max && (key->type != KEY_COUNT || value == floor(value));
}

static void store_number(const struct key *key, void *field, double value)
{
    if (key->type == KEY_COUNT)
        *(int64_t *)field = (int64_t)value;
    else
        *(double *)field = value;
}

static void read_rules(struct reader *r, const struct key *key, const struct yaml_node *n)
{
    if (n->kind != YAML_MAPPING) {
        wrong(r, key, "", n);
        return;
    }
    for (const struct yaml_node *rule = n->children; rule; rule = rule->next) {
        unsigned class;
        char below[24];
        if (!find_word(CLASSES, rule->key, &class)) {
            fault(r, rule->key_line, "%s.%.40s: this class is not known; there are simple, medium, complex", key->name,
                  yaml_is_clean(rule->key) ? rule->key : "?");
            continue;
        }
        (void)snprintf(below, sizeof below, ".%s", CLASSES[class]);
        (void)read_word(r, key, below, rule, &r->s->rules[class]);
    }
}

static void read_order(struct reader *r, const struct key *key, const struct yaml_node *n)
{
    struct codex_order order = {0};
    if (n->kind != YAML_SEQUENCE) {
        wrong(r, key, "", n);
        return;
    }
    for (const struct yaml_node *entry = n->children; entry; entry = entry->next) {
        unsigned index, twin = 0;
        if (!read_word(r, key, "[]", entry, &index))
            return;
        while (twin < order.count && order.list[twin] != index + 1)
            twin++;
        if (twin < order.count) {
            fault(r, entry->line, "%s: \"%s\" stands here twice", key->name, entry->scalar);
            return;
        }
        order.list[order.count++] = index + 1; /* CODEX_ONLY is CODEX without auto */
    }
    if (order.count)
        r->s->fallback_order = order;
    else
        wrong(r, key, "", n);
}

static void read_value(struct reader *r, const struct key *key, const struct yaml_node *n)
{
    void *field = (char *)r->s + key->offset;
    double number;
    switch (key->type) {
    case KEY_WORD: (void)read_word(r, key, "", n, field); break;
    case KEY_BOOL:
        if (yaml_is_true(n) || yaml_is_false(n))
            *(bool *)field = yaml_is_true(n);
        else
            wrong(r, key, "", n);
        break;
    case KEY_NUMBER:
    case KEY_COUNT:
        if (yaml_is_number(n) && yaml_parse_number(n->scalar, &number) && in_range(key, number))
            store_number(key, field, number);
        else
            wrong(r, key, "", n);
        break;
    case KEY_RULES: read_rules(r, key, n); break;
    case KEY_ORDER: read_order(r, key, n); break;
    case KEY_ADAPTIVE: r->faults += markov_settings_read(r->file, n, &r->s->adaptive, r->errors); break;
    }
}

static void read_policy(struct reader *r, const struct yaml_node *root)
{
    if (root->kind != YAML_MAPPING) {
        if (!yaml_is_null(root))
            fault(r, root->line, "a policy is a mapping of keys to values");
        return;
    }
    for (const struct yaml_node *n = root->children; n; n = n->next) {
        const struct key *key = NULL;
        for (size_t i = 0; i < KEY_ROWS && !key; i++)
            key = strcmp(KEYS[i].name, n->key) == 0 ? &KEYS[i] : NULL;
        if (!key) {
            char known[320] = "";
            for (size_t i = 0, len = 0; i < KEY_ROWS; i++)
                len += (size_t)snprintf(known + len, sizeof known - len, "%s%s", i ? ", " : "", KEYS[i].name);
            fault(r, n->key_line, "%.64s: this key is not known; there are %s", yaml_is_clean(n->key) ? n->key : "?",
                  known);
        } else if (!yaml_is_null(n)) {
            read_value(r, key, n);
            r->s->from[key->setting] = (struct layer_source){LAYER_POLICY, NULL, n->key_line};
        }
    }
}

/* A flag's or a variable's text. */
static void read_text(struct reader *r, const struct key *key, enum layer layer, const char *where, const char *text)
{
    char expected[256];
    unsigned index;
    double number;
    void *field = (char *)r->s + key->offset;
    if (key->type == KEY_WORD && find_word(key->words, text, &index))
        *(unsigned *)field = index;
    else if ((key->type == KEY_NUMBER || key->type == KEY_COUNT) && yaml_parse_number(text, &number) &&
             in_range(key, number))
        store_number(key, field, number);
    else {
        fault(r, 0, "%s: expected %s, found \"%.40s\"", where, expects(key, expected, sizeof expected),
              yaml_is_clean(text) ? text : "?");
        return;
    }
    r->s->from[key->setting] = (struct layer_source){layer, where, 0};
}

/* CODEX_ROUTER_OPENAI_MODE has words of its own. */
static void read_openai_mode(struct reader *r, const struct key *key, const char *text)
{
    static const char *const AVOID[] = {"avoid", "off", "depleted", "quota", "no-openai", NULL};
    static const char *const USE[] = {"use", "on", "auto", NULL};
    unsigned index;
    bool avoid = find_word(AVOID, text, &index);
    if (!avoid && !find_word(USE, text, &index)) {
        fault(r, 0, "%s: expected one of avoid, off, depleted, quota, no-openai, or use, found \"%.40s\"",
              key->variable, yaml_is_clean(text) ? text : "?");
        return;
    }
    r->s->avoid_openai = avoid;
    r->s->from[key->setting] = (struct layer_source){LAYER_ENVIRONMENT, key->variable, 0};
}

static const char *flag_of(const struct run_flags *flags, enum setting setting)
{
    switch (setting) {
    case SETTING_PROVIDER: return flags->provider;
    case SETTING_CODEX_PROVIDER: return flags->codex_provider;
    case SETTING_MAX_COST: return flags->max_cost;
    case SETTING_MAX_INPUT: return flags->max_input;
    case SETTING_MAX_OUTPUT: return flags->max_output;
    default: return NULL;
    }
}

bool settings_read(struct run_settings *s, const char *file, const struct yaml_node *root,
                   const char *(*env)(const char *name, void *ctx), void *env_ctx, const struct run_flags *flags,
                   struct buf *errors)
{
    struct reader r = {.s = s, .file = file, .errors = errors};
    *s = (struct run_settings){
        .fallback_order = {{CODEX_LITELLM, CODEX_STANDARD}, 2},
        .max_input_tokens = 12000,
        .max_output_tokens = 2000,
    };
    markov_settings_init(&s->adaptive, MARKOV_RUNS);
    if (root)
        read_policy(&r, root);
    for (size_t i = 0; i < KEY_ROWS; i++) {
        const struct key *key = &KEYS[i];
        const char *variable = key->variable ? env(key->variable, env_ctx) : NULL, *flag = flag_of(flags, key->setting);
        if (variable && *variable && key->setting == SETTING_AVOID_OPENAI)
            read_openai_mode(&r, key, variable);
        else if (variable && *variable)
            read_text(&r, key, LAYER_ENVIRONMENT, key->variable, variable);
        if (flag)
            read_text(&r, key, LAYER_FLAG, key->flag, flag);
    }
    return r.faults == 0;
}

void settings_source(const struct run_settings *s, enum setting setting, char *out, size_t size)
{
    const struct layer_source *from = &s->from[setting];
    if (from->layer == LAYER_POLICY)
        snprintf(out, size, "policy, line %u", from->line);
    else
        snprintf(out, size, "%s", from->layer == LAYER_DEFAULT ? "default" : from->where);
}

static const struct key *key_of(enum setting setting)
{
    for (size_t i = 0; i < KEY_ROWS; i++)
        if (KEYS[i].setting == setting)
            return &KEYS[i];
    return NULL;
}

const char *settings_name(enum setting setting)
{
    return key_of(setting)->name;
}

void settings_value(const struct run_settings *s, enum setting setting, struct buf *out)
{
    const struct key *key = key_of(setting);
    const void *field = (const char *)s + key->offset;
    switch (key->type) {
    case KEY_WORD: buf_add_text(out, key->words[*(const unsigned *)field]); break;
    case KEY_BOOL: buf_add_text(out, *(const bool *)field ? "true" : "false"); break;
    case KEY_NUMBER: buf_add_format(out, "%.10g", *(const double *)field); break;
    case KEY_COUNT: buf_add_number(out, *(const int64_t *)field); break;
    case KEY_RULES:
        for (unsigned i = 0; i < TASK_CLASSES; i++)
            buf_add_format(out, "%s%s: %s", i ? ", " : "", CLASSES[i], PROVIDERS[s->rules[i]]);
        break;
    case KEY_ORDER:
        for (unsigned i = 0; i < s->fallback_order.count; i++)
            buf_add_format(out, "%s%s", i ? ", " : "", CODEX[s->fallback_order.list[i]]);
        break;
    case KEY_ADAPTIVE:
        buf_add_text(out, !s->adaptive.enabled           ? "off"
                          : s->adaptive.shadow_mode      ? "shadow"
                          : s->adaptive.canary_share < 1 ? "canary"
                                                         : "live");
        break;
    }
}

bool settings_reference(struct buf *out)
{
    char expected[256];
    BUF_ADD(out, "| key | takes | default | meaning | also by |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < KEY_ROWS; i++) {
        const struct key *key = &KEYS[i];
        buf_add_format(out, "| `%s` | %s | %s | %s | ", key->name, expects(key, expected, sizeof expected),
                       key->initial, key->doc);
        if (key->flag)
            buf_add_format(out, "`%s`%s", key->flag, key->variable ? ", " : "");
        if (key->variable)
            buf_add_format(out, "`%s`", key->variable);
        buf_add_text(out, " |\n");
    }
    BUF_ADD(out, "\nKeys of `adaptive_router`:\n\n| key | takes | default | meaning |\n|---|---|---|---|\n");
    return markov_settings_reference(MARKOV_RUNS, out);
}
