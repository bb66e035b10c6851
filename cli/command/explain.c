/* pointsman explain: how one run or one request was routed, and why. */
#include "cli/command.h"
#include "cli/run/history.h"
#include "cli/run/subject.h"
#include "cli/terminal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LABEL "%-12s: "

enum { JSON };

static const struct command_option options[] = {
    [JSON] = {.name = "json", .summary = "print the log records: {\"run\", \"requests\"}"},
    {0},
};

static void text_of(const char *label, const struct json *j, uint32_t object, const char *key)
{
    struct buf text;
    buf_init(&text, LINES_MAX);
    history_text(j, object, key, &text);
    if (text.len)
        printf(LABEL "%s\n", label, buf_text(&text));
    buf_free(&text);
}

/* A member's text. Returns one of four static buffers in turn: the text is valid for the next three calls. */
static const char *word(const struct json *j, uint32_t object, const char *key)
{
    static char words[4][200];
    static unsigned turn;
    char *out = words[turn++ % 4];
    struct buf text;
    buf_init(&text, LINES_MAX);
    history_text(j, object, key, &text);
    (void)snprintf(out, sizeof words[0], "%.*s", SLICE_ARGS(buf_slice(&text)));
    buf_free(&text);
    return out;
}

static void show_money(const char *label, double usd, const char *more)
{
    struct buf text;
    buf_init(&text, 64);
    history_money(usd, &text);
    printf(LABEL "%s%s\n", label, buf_text(&text), more);
    buf_free(&text);
}

/* The adaptive router's decision, if it is enabled. */
static void show_adaptive(const struct json *j)
{
    uint32_t a = json_get(j, 0, "adaptive_router");
    if (!json_is(j, json_get(j, a, "enabled"), JSON_TRUE))
        return;
    bool applied = json_is(j, json_get(j, a, "applied"), JSON_TRUE);
    bool would = json_is(j, json_get(j, a, "would_switch"), JSON_TRUE);
    printf(LABEL "%s, %s -> %s (%+.2f)%s\n", "adaptive",
           applied ? "applied"
           : would ? "would switch"
                   : "stays",
           word(j, a, "baseline_provider"), word(j, a, "suggested_provider"), history_number(j, a, "confidence_delta"),
           json_is(j, json_get(j, a, "cost_guard_blocked"), JSON_TRUE) ? ", a more expensive one was blocked" : "");
}

static void show_run(const struct json *j)
{
    struct buf when;
    buf_init(&when, 256);
    history_time(j, &when);
    printf("%sRun %s%s, %s\n", terminal_style(stdout, STYLE_BOLD), word(j, 0, "run_id"),
           terminal_style(stdout, STYLE_PLAIN), buf_text(&when));
    buf_free(&when);
    text_of("task", j, 0, "task");
    text_of("alias", j, 0, "model");
    text_of("why", j, 0, "routing_reason");
    printf(LABEL "%s (%s)\n", "provider", word(j, 0, "provider"), word(j, 0, "provider_reason"));
    printf(LABEL "%.0f -> %.0f tokens\n", "prompt", history_number(j, 0, "original_input_tokens"),
           history_number(j, 0, "estimated_input_tokens"));
    show_money("estimated", history_number(j, 0, "estimated_cost_usd"), " for the first call");
    show_adaptive(j);
    for (uint32_t a = json_first(j, json_get(j, 0, "attempts")); a != JSON_NONE; a = json_next(j, a)) {
        const char *why = word(j, a, "why");
        double code = history_number(j, a, "exit_code");
        printf(LABEL "%s: %s", "tried", word(j, a, "provider"), word(j, a, "outcome"));
        if (isfinite(code))
            printf(", exit code %.0f after %.1f s", code, history_number(j, a, "ms") / 1000);
        printf("%s%s\n", *why ? ": " : "", why);
    }
    show_money("actual", history_number(j, 0, "actual_cost_usd"), "");
}

/* "alpha: cooling down, 240 s more", "gamma: 0.0041". */
static void show_candidate(const struct json *j, uint32_t c)
{
    const char *name = word(j, c, "deployment"), *limit = word(j, c, "limit");
    double seconds = history_number(j, c, "limit_s"), score = history_number(j, c, "score");
    printf(LABEL "%s: ", "candidate", name);
    if (*limit && isfinite(seconds))
        printf("%s, %.0f s more\n", limit, seconds);
    else if (*limit)
        printf("%s\n", limit);
    else if (isfinite(score))
        printf("%.4g\n", score);
    else
        puts("available");
}

/* Why the first attempt went to its deployment. */
static void show_choice(const struct json *j)
{
    const char *strategy = word(j, 0, "strategy");
    uint32_t first = json_first(j, json_get(j, 0, "attempts"));
    const char *unit = "";
    if (strcmp(strategy, "expected-cost") == 0)
        unit = ", scores are expected USD, the lowest first";
    else if (strcmp(strategy, "risk-adjusted") == 0)
        unit = ", scores are risks; the first is drawn, low ones more often";
    if (!*strategy)
        return;
    printf(LABEL "%s%s\n", "strategy", strategy, unit);
    for (uint32_t c = json_first(j, json_get(j, 0, "candidates")); c != JSON_NONE; c = json_next(j, c))
        show_candidate(j, c);
    if (first != JSON_NONE)
        printf(LABEL "%s, %s\n", "chosen", word(j, first, "deployment"),
               json_is(j, json_get(j, 0, "stuck"), JSON_TRUE) ? "sticky: the conversation's last deployment"
                                                              : "first available candidate");
}

/* "alpha: unsupported, status 500 after 20 ms; rule: system message must be at the beginning; called again without
 * later_system_messages". */
static void show_attempt(const struct json *j, uint32_t a)
{
    const char *rule = word(j, a, "rule"), *between = "; called again without ";
    printf(LABEL "%s: %s, status %.0f after %.0f ms", "attempt", word(j, a, "deployment"), word(j, a, "outcome"),
           history_number(j, a, "status"), history_number(j, a, "ms"));
    if (*rule)
        printf("; rule: %s", rule);
    uint32_t parts = json_get(j, a, "again_without");
    for (uint32_t part = parts ? json_first(j, parts) : JSON_NONE; part != JSON_NONE; part = json_next(j, part)) {
        char *name = json_strdup(j, part);
        printf("%s%s", between, name ? name : "?");
        between = ", ";
        free(name);
    }
    puts("");
}

/* "hit, 12 s old, saved $0.000420", "bypass: tools". */
static void show_cache(const struct json *j)
{
    uint32_t cache = json_get(j, 0, "cache");
    const char *status = word(j, cache, "status"), *reason = word(j, cache, "reason");
    double age = history_number(j, cache, "age_s"), saved = history_number(j, cache, "saved_usd");
    if (!*status)
        return;
    printf(LABEL "%s%s%s", "cache", status, *reason ? ": " : "", reason);
    if (isfinite(age))
        printf(", %.0f s old", age);
    if (isfinite(saved))
        printf(", saved $%.6f", saved);
    puts("");
}

/* "3010 tools, 1200 instructions, 500 environment, 2000 history, 800 tool output (estimated tokens)" and, if it is so,
 * where the prompt differs from the turn before. */
static void show_prompt(const struct json *j)
{
    static const struct {
        const char *name, *text, *effect;
    } segments[] = {
        {"instructions", "instructions", "could not be used"},
        {"tools", "tools", "could not be used"},
        {"environment", "environment", "could be used up to there only"},
        {"history", "history", "could be used up to there only"},
        {"tool_output", "tool output", "could be used up to there only"},
    };
    uint32_t tokens = json_get(j, 0, "segments");
    const char *conversation = word(j, 0, "conversation"), *changed = word(j, 0, "prefix_changed");
    double turn = history_number(j, 0, "turn");
    if (*conversation)
        printf(LABEL "%s%s", "conversation", conversation, isfinite(turn) ? "" : "\n");
    if (*conversation && isfinite(turn))
        printf(", turn %.0f\n", turn);
    if (!tokens)
        return;
    printf(LABEL, "prompt");
    for (size_t i = 0; i < sizeof segments / sizeof *segments; i++)
        printf("%s%.0f %s", i ? ", " : "", fmax(0, history_number(j, tokens, segments[i].name)), segments[i].text);
    puts(" (estimated tokens)");
    for (size_t i = 0; i < sizeof segments / sizeof *segments; i++)
        if (strcmp(changed, segments[i].name) == 0)
            printf(LABEL "the %s changed since the turn before, so the provider's cache %s\n", "prefix",
                   segments[i].text, segments[i].effect);
}

/* "183000 of 200000 tokens: nearly full". */
static void show_window(const struct json *j)
{
    uint32_t warning = json_get(j, 0, "context_warning");
    if (warning)
        printf(LABEL "%.0f of %.0f tokens: the conversation is near its context window\n", "context",
               history_number(j, warning, "tokens"), history_number(j, warning, "window"));
}

/* "1000 in (600 cached, 300 written), 100 out". */
static void show_tokens(const struct json *j, uint32_t tokens)
{
    double input = history_number(j, tokens, "input"), written = history_number(j, tokens, "cache_write");
    if (!isfinite(input))
        return;
    printf(LABEL "%.0f in (%.0f cached", "tokens", input, fmax(0, history_number(j, tokens, "cached")));
    if (written > 0)
        printf(", %.0f written", written);
    printf("), %.0f out%s\n", history_number(j, tokens, "output"),
           json_is(j, json_get(j, tokens, "estimated"), JSON_TRUE) ? " (estimated)" : "");
}

static void show_request(const struct json *j)
{
    struct buf when;
    double ttft = history_number(j, 0, "ttft_ms");
    buf_init(&when, 256);
    history_time(j, &when);
    printf("\n%sRequest %s%s, %s\n", terminal_style(stdout, STYLE_BOLD), word(j, 0, "request_id"),
           terminal_style(stdout, STYLE_PLAIN), buf_text(&when));
    buf_free(&when);
    text_of("alias", j, 0, "alias");
    show_prompt(j);
    show_window(j);
    show_choice(j);
    show_adaptive(j);
    show_cache(j);
    for (uint32_t a = json_first(j, json_get(j, 0, "attempts")); a != JSON_NONE; a = json_next(j, a))
        show_attempt(j, a);
    const char *served = word(j, 0, "deployment");
    printf(LABEL "%s, %s, status %.0f\n", "answered by", *served ? served : "none", word(j, 0, "end"),
           history_number(j, 0, "status"));
    printf(LABEL "first token %s", "times", isfinite(ttft) ? "" : "none");
    if (isfinite(ttft))
        printf("%.0f ms", ttft);
    printf(", total %.0f ms\n", history_number(j, 0, "total_ms"));
    show_tokens(j, json_get(j, 0, "tokens"));
    show_money("cost", history_number(j, 0, "cost_usd"),
               isfinite(history_number(j, 0, "cost_usd")) ? "" : " (a price or a token count is unknown)");
}

static bool print_json(const struct subject *subject)
{
    struct document d;
    struct container root = document_object(&d);
    document_add_raw(root, "run", slice_of(subject->run));
    struct container requests = document_add_array(root, "requests");
    for (unsigned i = subject->count; i-- > 0;)
        document_add_raw(requests, NULL, slice_of(subject->lines[i]));
    return print_document(&d, stdout);
}

static void show(const struct subject *subject)
{
    struct json json = {0};
    if (subject->run && json_parse(&json, subject->run, strlen(subject->run)))
        show_run(&json);
    for (unsigned i = subject->count; i-- > 0;)
        if (json_parse(&json, subject->lines[i], strlen(subject->lines[i])))
            show_request(&json);
    json_free(&json);
}

static int run(const struct arguments *arguments)
{
    const char *id = arguments->operand_count ? arguments->operands[0] : "last";
    bool last = strcmp(id, "last") == 0;
    struct subject subject;
    int code = EXIT_OK;
    subject_find(&subject, last ? NULL : id);
    if (!subject.run && !subject.count)
        code = complain(EXIT_FAULT, "%s%s",
                        last ? "no run or request is recorded yet" : "no run or request is recorded with id ",
                        last ? "" : id);
    else if (!arguments->values[JSON])
        show(&subject);
    else if (!print_json(&subject))
        code = EXIT_FAULT;
    subject_free(&subject);
    return code;
}

const struct command command_explain = {
    .name = "explain",
    .summary = "Explain how a run or a request was routed",
    .operands = "[last|ID]",
    .most = 1,
    .about =
        "ID is the id of a run (see: pointsman history) or of a request (the x-request-id header of its reply).\n"
        "Prints for each request: the conversation and its turn, the tokens of each segment of the prompt and the\n"
        "segment that changed since the turn before, the candidates with their scores or the reasons why they were\n"
        "skipped, the attempts, the deployment that answered, tokens and cost.",
    .examples = "pointsman explain\n"
                "pointsman explain run_0123456789abcdef\n"
                "pointsman explain --json last | jq '.requests[].candidates'\n",
    .options = options,
    .run = run,
};
