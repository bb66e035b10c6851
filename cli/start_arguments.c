/* The options that start and restart share, and their output. */
#include "cli/start_arguments.h"

#include "cli/routed.h"
#include "cli/terminal.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum {
    LOCAL_QWEN,
    KEYS_FD,
    ASK,
    NO_INPUT,
    CONFIG,
    WEB_PORT,
    PROXY_PORT,
    RISK_ROUTER,
    STRATEGY,
    HOST,
    ALLOW_HOST,
    PAGE_ONLY,
    DEMO,
};

const struct command_option start_arguments[] = {
    [LOCAL_QWEN] = {.name = "local-qwen", .summary = "use local Qwen on Ollama (USE_LOCAL_QWEN=1)"},
    [KEYS_FD] = {.name = "keys-fd",
                 .value = "N",
                 .summary = "read NAME=value lines from descriptor N; they override the environment"},
    [ASK] = {.name = "ask", .summary = "prompt for every unset key"},
    [NO_INPUT] = {.name = "no-input", .summary = "never prompt"},
    [CONFIG] =
        {.name = "config", .letter = 'c', .value = "FILE", .hint = HINT_FILE, .summary = "the proxy's configuration"},
    [WEB_PORT] = {.name = "web-port", .value = "N", .summary = "the key page's port (8787)"},
    [PROXY_PORT] = {.name = "proxy-port", .value = "N", .summary = "the proxy's port (4000)"},
    [RISK_ROUTER] = {.name = "risk-router", .summary = "also serve the next port, with the risk router's strategy"},
    [STRATEGY] = {.name = "strategy", .value = "NAME", .summary = "routing strategy; overrides the configuration"},
    [HOST] = {.name = "host",
              .value = "ADDRESS",
              .choices = "127.0.0.1 0.0.0.0 ::",
              .summary = "listen address (127.0.0.1); 0.0.0.0 or :: to accept other machines"},
    [ALLOW_HOST] = {.name = "allow-host",
                    .value = "NAMES",
                    .summary = "host names that other machines use, comma-separated"},
    [PAGE_ONLY] = {.name = "page-only", .summary = "start only the key page; enter keys there"},
    [DEMO] = {.name = "demo", .summary = "add codex-echo (no LLM) and send it one request"},
    {0},
};

bool start_arguments_read(const struct arguments *arguments, struct start_options *options)
{
    long web_port, proxy_port, keys_fd;
    const char *const *values = arguments->values;
    *options = (struct start_options)START_DEFAULTS;
    if (!arguments_number(arguments, WEB_PORT, 1, 65535, 0, &web_port) ||
        !arguments_number(arguments, PROXY_PORT, 1, 65534, 0, &proxy_port) ||
        !arguments_number(arguments, KEYS_FD, 0, INT_MAX, -1, &keys_fd))
        return false;
    if (keys_fd >= 0 && fcntl((int)keys_fd, F_GETFD) < 0) {
        (void)complain(EXIT_USAGE, "--keys-fd %ld: the descriptor is not open", keys_fd);
        return false;
    }
    options->web_port = (unsigned)web_port;
    options->proxy_port = (unsigned)proxy_port;
    options->keys_fd = (int)keys_fd;
    options->config = values[CONFIG];
    options->local_qwen = values[LOCAL_QWEN] != NULL;
    options->ask = values[ASK] != NULL;
    options->no_input = values[NO_INPUT] != NULL;
    options->page_only = values[PAGE_ONLY] != NULL;
    options->demo = values[DEMO] != NULL;
    options->risk_router = values[RISK_ROUTER] != NULL;
    options->strategy = values[STRATEGY];
    options->host = values[HOST];
    options->allow_host = values[ALLOW_HOST];
    return true;
}

#define QUESTION "Which track am I on?"

/* Sends one request to codex-echo and prints the answer. */
static int run_demo(const struct start_result *result)
{
    struct local_http_reply reply = {0};
    struct json json = {0};
    struct document d;
    struct container question = document_object(&d);
    struct buf error, field, text, body;
    buf_init(&body, 1024);
    document_add_text(question, "model", "codex-echo");
    struct container message = document_add_object(document_add_array(question, "messages"), NULL);
    document_add_text(message, "role", "user");
    document_add_text(message, "content", QUESTION);
    buf_init(&error, 4096);
    buf_init(&field, 1024);
    buf_init(&text, 4096);
    BUF_ADD(&field, "Authorization: Bearer ");
    bool done = document_print(&d, &body) && session_client_key(&result->session, &field) &&
                local_http(&(struct local_http_request){.base = result->status.base_url,
                                                        .method = "POST",
                                                        .path = "/chat/completions",
                                                        .fields = (const char *const[]){buf_text(&field), NULL},
                                                        .content_type = "application/json",
                                                        .body = buf_slice(&body),
                                                        .timeout_ms = 30000},
                           &reply, &error) &&
                reply.status == 200 && json_parse(&json, reply.body.data, reply.body.len);
    uint32_t choice = done ? json_first(&json, json_get(&json, 0, "choices")) : JSON_NONE;
    done = done && json_unescape(&json, json_get(&json, json_get(&json, choice, "message"), "content"), &text);
    if (done)
        printf("Sent to codex-echo: " QUESTION "\nAnswer:             %s\n", buf_text(&text));
    else
        (void)complain(0, "demo request: failed: %.*s%.*s", SLICE_ARGS(buf_slice(&error)),
                       SLICE_ARGS(buf_slice(&reply.body)));
    json_free(&json);
    local_http_free(&reply);
    buf_free(&body);
    buf_free(&error);
    buf_wipe(&field);
    buf_free(&text);
    return done ? EXIT_OK : EXIT_FAULT;
}

static void report(const struct start_options *options, struct start_result *result)
{
    printf("Page:   %s/\n", result->session.url);
    if (result->status.running)
        printf("Proxy:  %s\n", result->status.base_url);
    char *risk = json_strdup(&result->status.json, json_get(&result->status.json, 0, "risk_url"));
    if (risk)
        printf("Risk:   %s\n", risk);
    free(risk);
    if (options->host && strcmp(options->host, "127.0.0.1") != 0 && !options->allow_host)
        warn("other machines will get 403: add --allow-host NAME");
    if (result->names.len)
        printf("Sent:   %s\n", buf_text(&result->names));
    if (result->proxy_was_up || (options->page_only && result->page_was_up))
        say("pointsman is already running%s", result->proxy_was_up && !options->page_only
                                                  ? "; nothing changed (to use new keys: pointsman restart)"
                                                  : "");
    else if (!result->status.running)
        say("Next: open the page, enter a key (or select local Qwen), and click Start");
}

int start_and_report(const struct start_options *options)
{
    struct start_result result;
    int code = start_up(options, &result);
    if (code == EXIT_OK) {
        routed_adopt(result.session.runtime);
        report(options, &result);
    }
    if (code == EXIT_OK && options->demo && !result.proxy_was_up)
        code = run_demo(&result);
    start_result_free(&result);
    return code;
}
