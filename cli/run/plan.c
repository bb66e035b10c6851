/* Plans a run. */
#include "cli/run/plan.h"

#include "cli/exit.h"
#include "cli/profile_text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define QWEN "codex-qwen-local"
#define REASON(field, ...) (void)snprintf(field, sizeof(field), __VA_ARGS__)

static const char *const PROFILES[CODEX_PROVIDERS] = {[CODEX_LITELLM] = PROFILE_PROXY,
                                                      [CODEX_HUGGINGFACE] = PROFILE_HF};

/* The layer that decided the provider: of the setting, or of the rule. */
static enum layer provider_layer(const struct run_facts *f)
{
    const struct run_settings *s = f->settings;
    return s->provider == RUN_AUTO ? s->from[SETTING_TASK_RULES].layer : s->from[SETTING_PROVIDER].layer;
}

/* Whether Hugging Face can be used: with the token here, or through the running proxy. */
static bool hf_reachable(const struct run_facts *f)
{
    struct alias_view view;
    models_view(f->models, "codex-hf-fast", 0, &view);
    return f->hf_token || (f->models->asked && view.ready);
}

/* Sets the provider from the settings and rules. */
static void take_provider(const struct run_facts *f, struct run_plan *p)
{
    const struct run_settings *s = f->settings;
    char source[64];
    unsigned rule = s->rules[f->task->class];
    bool ruled = s->provider == RUN_AUTO && rule != RUN_AUTO;
    run_settings_source(s, ruled ? SETTING_TASK_RULES : SETTING_PROVIDER, source, sizeof source);
    p->provider = s->provider == RUN_AUTO ? rule : s->provider;
    if (ruled && rule == RUN_HUGGINGFACE && !hf_reachable(f)) {
        p->provider = RUN_AUTO;
        REASON(p->provider_reason, "task_provider_rules (%s) select huggingface, but HF_TOKEN is not set", source);
    } else if (ruled) {
        REASON(p->provider_reason, "task_provider_rules for %s tasks (%s)", task_class_name(f->task->class), source);
    } else {
        REASON(p->provider_reason, "%s", source);
    }
}

/* Applies avoid_openai and open_models_only. A provider from a higher layer overrides them; on the same layer they win.
 */
static void take_bans(const struct run_facts *f, struct run_plan *p)
{
    const struct run_settings *s = f->settings;
    bool closed = p->provider == RUN_OPENAI || p->provider == RUN_NO_OPENAI;
    enum layer layer = provider_layer(f);
    bool wants_openai = p->provider == RUN_OPENAI && layer > s->from[SETTING_AVOID_OPENAI].layer;
    bool wants_closed = closed && layer > s->from[SETTING_OPEN_MODELS_ONLY].layer;
    p->avoid_openai = p->provider == RUN_NO_OPENAI || (s->avoid_openai && !wants_openai);
    p->open_models_only = s->open_models_only && !wants_closed;
    if (p->open_models_only && closed) {
        p->provider = RUN_AUTO;
        REASON(p->provider_reason, "open_models_only");
    }
    if (p->avoid_openai && p->provider == RUN_OPENAI) {
        p->provider = RUN_AUTO;
        REASON(p->provider_reason, "avoid_openai");
    }
}

/* Resolves RUN_AUTO: from the task's words, then from the bans. */
static void resolve_auto(const struct run_facts *f, struct run_plan *p)
{
    const struct classified *task = f->task;
    if (p->provider != RUN_AUTO)
        return;
    if (task->is_open && hf_reachable(f)) {
        p->provider = RUN_HUGGINGFACE;
        REASON(p->provider_reason, "the task names open models (\"%s\") and HF_TOKEN is set",
               task->because[SIGNAL_OPEN]);
    } else if (task->is_local && f->ollama_up && !f->force_model) {
        p->provider = RUN_QWEN;
        REASON(p->provider_reason, "a small task for local Qwen (\"%s\")",
               task->because[SIGNAL_LOCAL][0] ? task->because[SIGNAL_LOCAL] : task->because[SIGNAL_SNIPPET]);
    } else if (p->open_models_only) {
        p->provider = hf_reachable(f) || f->force_model ? RUN_HUGGINGFACE : RUN_QWEN;
        REASON(p->provider_reason, "open_models_only%s", p->provider == RUN_QWEN ? " and HF_TOKEN is not set" : "");
    } else if (p->avoid_openai) {
        p->provider = RUN_NO_OPENAI;
        REASON(p->provider_reason, "avoid_openai");
    }
}

/* The alias for the task, before bans. */
static const char *alias_for(const struct run_facts *f, struct run_plan *p)
{
    const struct classified *t = f->task;
    const char *class = task_class_name(t->class);
    static const enum signal SIGNALS[TASK_CLASSES] = {SIGNAL_SIMPLE, SIGNAL_MEDIUM, SIGNAL_COMPLEX};
    const char *term = t->because[SIGNALS[t->class]];
    if (*term)
        REASON(p->routing_reason, "%s task (\"%s\")", class, term);
    else
        REASON(p->routing_reason, "%s task", class);
    switch (p->provider) {
    case RUN_QWEN: return QWEN;
    case RUN_NO_OPENAI: return "codex-no-openai";
    case RUN_HUGGINGFACE: return t->class == TASK_SIMPLE ? "codex-hf-cheap" : "codex-hf-fast";
    default: break;
    }
    if (t->is_long && p->provider == RUN_AUTO) {
        REASON(p->routing_reason, "long context (\"%s\"), %s task", t->because[SIGNAL_LONG], class);
        return "codex-long";
    }
    return t->class == TASK_SIMPLE ? "codex-light" : t->class == TASK_COMPLEX ? "codex-deep" : "codex-default";
}

/* The setting that forbids the alias, and the model that it could reach; NULL: allowed. */
static const char *ban_on(const struct run_plan *p, const struct alias_view *view, const char **model)
{
    if (p->open_models_only && view->may_reach_closed) {
        *model = view->closed;
        return "open_models_only";
    }
    if (p->avoid_openai && view->may_reach_openai) {
        *model = view->openai;
        return "avoid_openai";
    }
    return NULL;
}

/* Sets the alias for the proxy: the task's, or, if that could reach a forbidden provider, another one that can't. */
static void settle_alias(const struct run_facts *f, struct run_plan *p, struct run_step *litellm)
{
    const char *const others[] = {p->provider == RUN_HUGGINGFACE ? "hf-direct" : "codex-no-openai", QWEN};
    const char *model = NULL, *ban, *other_model;
    char wanted[sizeof p->alias];
    struct alias_view view;
    memcpy(wanted, p->alias, sizeof wanted);
    models_view(f->models, wanted, 0, &view);
    ban = ban_on(p, &view, &model);
    for (size_t i = 0; ban && i < sizeof others / sizeof *others; i++) {
        models_view(f->models, others[i], 0, &view);
        if (!view.known || ban_on(p, &view, &other_model))
            continue;
        REASON(p->routing_reason, "%s could reach %s (%s)", wanted, model, ban);
        REASON(p->alias, "%s", others[i]);
        ban = NULL;
    }
    if (ban)
        REASON(litellm->blocked, "%s: %s could reach %s", ban, wanted, model);
    memcpy(litellm->model, p->alias, sizeof litellm->model);
}

static double cost_of(const struct run_facts *f, const char *alias, bool codex, struct alias_view *view)
{
    double prompt = (double)(f->input_tokens + (codex ? MODELS_CODEX_TOKENS : 0));
    models_view(f->models, alias, prompt, view);
    return models_cost(view->input_cost, view->output_cost, prompt, (double)f->settings->max_output_tokens);
}

/* Blocks the step if a ban, a missing token or the cost limit forbids it. */
static void block_step(const struct run_facts *f, const struct run_plan *p, struct run_step *step)
{
    const struct run_settings *s = f->settings;
    bool requested = step->codex == s->codex_provider && s->from[SETTING_CODEX_PROVIDER].layer == LAYER_FLAG;
    if (*step->blocked || step->ollama)
        return;
    if (f->force_model && step->codex != CODEX_LITELLM)
        REASON(step->blocked, "--force-model requires the proxy");
    else if (step->codex == CODEX_STANDARD && p->open_models_only && !requested)
        REASON(step->blocked, "open_models_only: plain Codex uses OpenAI");
    else if (step->codex == CODEX_STANDARD && p->avoid_openai && !requested)
        REASON(step->blocked, "avoid_openai: plain Codex uses OpenAI");
    else if (step->codex == CODEX_HUGGINGFACE && !f->hf_token)
        REASON(step->blocked, "HF_TOKEN is not set");
    else if (s->max_cost_usd > 0 && step->codex != CODEX_LITELLM)
        REASON(step->blocked, "max_cost_usd: cost can only be tracked through the proxy");
    else if (s->max_cost_usd > 0 && isnan(step->cost_usd))
        REASON(step->blocked, "max_cost_usd: the price is unknown");
    else if (s->max_cost_usd > 0 && step->cost_usd > s->max_cost_usd)
        REASON(step->blocked, "max_cost_usd: the first request is estimated at $%.4f, limit $%.4f", step->cost_usd,
               s->max_cost_usd);
}

static void add_step(const struct run_facts *f, struct run_plan *p, enum codex_provider codex)
{
    struct run_step *step = &p->steps[p->count++];
    struct alias_view view;
    *step = (struct run_step){
        .codex = codex, .name = codex_provider_name(codex), .profile = PROFILES[codex], .cost_usd = NAN};
    if (codex == CODEX_LITELLM) {
        settle_alias(f, p, step);
        step->cost_usd = cost_of(f, p->alias, true, &view);
        p->priced = view.priced;
        p->unpriced = view.unpriced;
        p->unpriced_model = view.unpriced_model;
    } else if (codex == CODEX_HUGGINGFACE) {
        REASON(step->model, PROFILE_HF_MODEL);
        step->cost_usd = cost_of(f, "codex-hf-fast", true, &view);
    }
    block_step(f, p, step);
}

static void add_steps(const struct run_facts *f, struct run_plan *p)
{
    const struct run_settings *s = f->settings;
    char source[64];
    run_settings_source(s, s->codex_provider == CODEX_AUTO ? SETTING_FALLBACK_ORDER : SETTING_CODEX_PROVIDER, source,
                        sizeof source);
    REASON(p->codex_reason, "%s%s", s->codex_provider == CODEX_AUTO ? "the first of fallback_order, " : "", source);
    if (s->codex_provider != CODEX_AUTO)
        add_step(f, p, s->codex_provider);
    for (unsigned i = 0; i < s->fallback_order.count; i++)
        if (s->fallback_order.list[i] != s->codex_provider)
            add_step(f, p, s->fallback_order.list[i]);
}

static void add_ollama(struct run_plan *p)
{
    struct run_step *step = &p->steps[p->count++];
    *step = (struct run_step){.ollama = true, .name = "ollama"};
    REASON(step->model, QWEN);
}

static int check_forced(const struct run_facts *f, struct run_plan *p, struct buf *error)
{
    struct alias_view view;
    const char *model, *ban;
    models_view(f->models, f->force_model, 0, &view);
    if (p->provider == RUN_QWEN) {
        buf_add_format(error, "--force-model can't be combined with --provider qwen, which does not use the proxy");
        return EXIT_USAGE;
    }
    if (strlen(f->force_model) >= sizeof p->alias) {
        BUF_ADD(error, "--force-model: not the name of an alias");
        return EXIT_USAGE;
    }
    if (f->models->config && !view.known) {
        buf_add_format(error, "--force-model %s: no such alias; the proxy has", f->force_model);
        for (unsigned i = 0; i < f->models->config->group_count; i++)
            buf_add_format(error, "%s %s", i ? "," : "", f->models->config->groups[i].alias);
        return EXIT_USAGE;
    }
    if ((ban = ban_on(p, &view, &model))) {
        buf_add_format(error, "--force-model %s could reach %s, but %s is set", f->force_model, model, ban);
        return EXIT_USAGE;
    }
    return 0;
}

int run_plan_make(const struct run_facts *f, struct run_plan *p, struct buf *error)
{
    const struct run_settings *s = f->settings;
    struct alias_view view;
    *p = (struct run_plan){.baseline_usd = NAN};
    take_provider(f, p);
    take_bans(f, p);
    resolve_auto(f, p);
    if (p->provider == RUN_NO_OPENAI && s->codex_provider == CODEX_STANDARD &&
        s->from[SETTING_PROVIDER].layer == LAYER_FLAG && s->from[SETTING_CODEX_PROVIDER].layer == LAYER_FLAG) {
        BUF_ADD(error, "--provider no-openai conflicts with --codex-provider standard: plain Codex uses OpenAI");
        return EXIT_USAGE;
    }
    if (p->provider == RUN_HUGGINGFACE && s->provider == RUN_HUGGINGFACE && !hf_reachable(f)) {
        BUF_ADD(error, "HF_TOKEN is not set: export HF_TOKEN=hf_… (a token with permission for Inference Providers)");
        return EXIT_NO_TOKEN;
    }
    int code = f->force_model ? check_forced(f, p, error) : 0;
    if (code)
        return code;
    if (p->provider == RUN_QWEN)
        add_ollama(p);
    bool qwen_alone = p->provider == RUN_QWEN && (s->provider == RUN_QWEN || s->rules[f->task->class] == RUN_QWEN);
    if (p->provider == RUN_QWEN && !qwen_alone && !p->open_models_only)
        p->provider = p->avoid_openai ? RUN_NO_OPENAI : RUN_AUTO; /* determines the alias of the fallbacks */
    REASON(p->alias, "%s", f->force_model ? f->force_model : alias_for(f, p));
    if (f->force_model)
        REASON(p->routing_reason, "--force-model");
    if (!qwen_alone)
        add_steps(f, p);
    if (p->count && p->steps[0].ollama) {
        p->provider = RUN_QWEN;
        REASON(p->alias, QWEN);
    }
    p->baseline_usd = cost_of(f, "codex-default", true, &view);
    return 0;
}

unsigned run_plan_first(const struct run_plan *plan)
{
    unsigned i = 0;
    while (i < plan->count && *plan->steps[i].blocked)
        i++;
    return i;
}

void run_plan_prefer(struct run_plan *plan, unsigned step)
{
    unsigned first = run_plan_first(plan);
    struct run_step moved = plan->steps[step];
    if (step <= first)
        return;
    memmove(&plan->steps[first + 1], &plan->steps[first], (step - first) * sizeof moved);
    plan->steps[first] = moved;
}
