/* pointsman qwen: sends a prompt to local Qwen, without the proxy. */
#include "cli/command.h"
#include "cli/ollama_setup.h"
#include "cli/own_config.h"
#include "cli/table.h"
#include "cli/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROMPT_MAX (16u << 20) /* bytes */
#define READY_MS 3000          /* wait for Ollama's answer */
#define MEASURED_TOKENS 128    /* of each answer */
#define RUNS_MAX 100

enum { MEASURE, RUNS, SETUP, MAX_TOKENS, JSON };

static const struct command_option options[] = {
    [MEASURE] = {.name = "measure", .summary = "measure tokens per second and time to first token"},
    [RUNS] = {.name = "runs", .value = "N", .summary = "number of --measure requests (3)"},
    [SETUP] = {.name = "setup", .summary = "start Ollama if needed, and pull the model"},
    [MAX_TOKENS] = {.name = "max-tokens", .value = "N", .summary = "limit the answer to N tokens"},
    [JSON] = {.name = "json", .summary = "print the --measure result as one JSON object"},
    {0},
};

static bool print_text(struct slice text, void *ctx)
{
    bool *newline = ctx;
    *newline = text.ptr[text.len - 1] == '\n';
    return fwrite(text.ptr, 1, text.len, stdout) == text.len && fflush(stdout) == 0;
}

/* The operands joined by spaces, or standard input if there are none. */
static bool read_prompt(const struct arguments *arguments, struct buf *prompt)
{
    char piece[16384];
    ssize_t len;
    for (unsigned i = 0; i < arguments->operand_count; i++)
        buf_add_format(prompt, "%s%s", i ? " " : "", arguments->operands[i]);
    if (!arguments->operand_count && !isatty(STDIN_FILENO))
        while ((len = read(STDIN_FILENO, piece, sizeof piece)) > 0)
            buf_add(prompt, piece, (size_t)len);
    return prompt->len && !prompt->failed;
}

static int ask(const struct ollama *ollama, const struct arguments *arguments, struct buf *error)
{
    struct ollama_result result;
    struct buf prompt;
    long max_tokens;
    bool newline = true;
    int code = EXIT_USAGE;
    buf_init(&prompt, PROMPT_MAX);
    if (!arguments_number(arguments, MAX_TOKENS, 1, 1000000, 0, &max_tokens))
        ; /* error is printed */
    else if (!read_prompt(arguments, &prompt))
        BUF_ADD(error, "PROMPT is missing or over 16 MB: pass it as an argument or on standard input");
    else if (!ollama_ready(ollama, READY_MS, error)) {
        BUF_ADD(error, "; or let pointsman do it: pointsman qwen --setup");
        code = EXIT_OLLAMA;
    } else {
        const struct ollama_call call = {buf_slice(&prompt), max_tokens, print_text, &newline};
        code = ollama_ask(ollama, &call, &result, error) ? EXIT_OK : EXIT_OLLAMA;
        if (!newline)
            puts("");
    }
    buf_free(&prompt);
    return code;
}

struct measured {
    int64_t tokens;
    double ttft_s, seconds, per_second;
};

static bool count_piece(struct slice text, void *ctx)
{
    (void)text;
    ++*(int64_t *)ctx;
    return true;
}

/* One answer's speed: tokens after the first, per second from the first token to the end. If the server reports no
 * usage, each piece counts as one token. */
static bool measure_one(const struct ollama *ollama, struct measured *out, struct buf *error)
{
    struct ollama_result result;
    int64_t pieces = 0;
    const struct ollama_call call = {SLICE("Count from one to one hundred in words."), MEASURED_TOKENS, count_piece,
                                     &pieces};
    if (!ollama_ask(ollama, &call, &result, error))
        return false;
    out->tokens = result.output_tokens > 0 ? result.output_tokens : pieces;
    out->ttft_s = (double)result.ttft_ms / 1000;
    out->seconds = (double)(result.total_ms - result.ttft_ms) / 1000;
    out->per_second = out->seconds > 0 && out->tokens > 1 ? (double)(out->tokens - 1) / out->seconds : 0;
    return true;
}

static int by_speed(const void *a, const void *b)
{
    const struct measured *one = a, *other = b;
    return (one->per_second > other->per_second) - (one->per_second < other->per_second);
}

static void add_figure(struct table *table, int decimals, double value)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%.*f", decimals, value);
    table_add(table, STYLE_PLAIN, slice_of(text));
}

static bool print_measured(const struct ollama *ollama, struct measured *runs, long count, bool json)
{
    struct table table;
    table_begin(&table, (const char *const[]){"run", "tokens", "first token s", "rest s", "tokens/s"}, 5);
    for (unsigned i = 0; i < 5; i++)
        table.right[i] = true;
    for (long i = 0; i < count; i++) {
        add_figure(&table, 0, (double)i + 1);
        add_figure(&table, 0, (double)runs[i].tokens);
        add_figure(&table, 3, runs[i].ttft_s);
        add_figure(&table, 3, runs[i].seconds);
        add_figure(&table, 1, runs[i].per_second);
    }
    if (!json)
        table_print(&table, stdout);
    buf_free(&table.cells);
    qsort(runs, (size_t)count, sizeof *runs, by_speed);
    const struct measured *median = &runs[count / 2];
    if (!json) {
        say("%s: %.1f tokens/s (median of %ld)", ollama->model, median->per_second, count);
        return true;
    }
    struct document d;
    struct container root = document_object(&d);
    document_add_text(root, "model", ollama->model);
    document_add_count(root, "runs", count);
    document_add_fixed(root, "tokens_per_second", median->per_second, 1);
    document_add_fixed(root, "first_token_s", median->ttft_s, 3);
    return print_document(&d, stdout);
}

static int measure(const struct ollama *ollama, const struct arguments *arguments, struct buf *error)
{
    struct measured runs[RUNS_MAX];
    long count;
    if (!arguments_number(arguments, RUNS, 1, RUNS_MAX, 3, &count))
        return EXIT_USAGE;
    if (!ollama_ready(ollama, READY_MS, error))
        return EXIT_OLLAMA;
    for (long i = 0; i < count; i++)
        if (!measure_one(ollama, &runs[i], error))
            return EXIT_OLLAMA;
    return print_measured(ollama, runs, count, arguments->values[JSON] != NULL) ? EXIT_OK : EXIT_FAULT;
}

static int set_up(const struct ollama *ollama, struct buf *error)
{
    if (!ollama_setup(ollama, error))
        return EXIT_OLLAMA;
    printf("%s is ready at %s\n", ollama->model, ollama->base);
    return EXIT_OK;
}

static int run(const struct arguments *arguments)
{
    struct buf error, ignored;
    buf_init(&error, 8192);
    buf_init(&ignored, 64u << 10);
    /* If the configuration can't be read, ollama_of() uses the default server and model. */
    struct config *config = own_config_load(&ignored);
    struct ollama ollama = ollama_of(config);
    int code;
    if (arguments->values[SETUP])
        code = set_up(&ollama, &error);
    else if (arguments->values[MEASURE])
        code = measure(&ollama, arguments, &error);
    else
        code = ask(&ollama, arguments, &error);
    if (error.len)
        (void)complain(code, "%s", buf_text(&error));
    config_free(config);
    buf_free(&error);
    buf_free(&ignored);
    return code;
}

const struct command command_qwen = {
    .name = "qwen",
    .summary = "Send a prompt to local Qwen (Ollama), without the proxy",
    .operands = "[PROMPT]",
    .most = COMMAND_ANY_OPERANDS,
    .about =
        "Without PROMPT, reads standard input. The server and the model are those of the alias codex-qwen-local in\n"
        "the proxy's configuration. Exits with 7 if Ollama does not answer or lacks the model.",
    .examples = "pointsman qwen \"What does 'set -e' do?\"\n"
                "pointsman qwen --setup      # start Ollama and pull the model\n"
                "pointsman qwen --measure    # tokens per second\n",
    .options = options,
    .run = run,
};
