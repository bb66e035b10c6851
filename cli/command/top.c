/* pointsman top: the proxy's deployments and requests, live. */
#include "cli/command.h"
#include "cli/gateway.h"
#include "cli/terminal.h"
#include "cli/top_screen.h"
#include "common/clock.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define TIMEOUT_MS 5000
#define SCREEN_MAX (256u << 10)      /* bytes */
#define RATE_AFTER_MS 10000          /* shortest time that a cost per hour comes from */
#define ENTER "\033[?1049h\033[?25l" /* alternate screen, no cursor */
#define LEAVE "\033[?25h\033[?1049l"
#define HOME "\033[H"
#define CLEAR_LINE "\033[K"
#define CLEAR_BELOW "\033[J"

enum { INTERVAL, JSON };

static const struct command_option options[] = {
    [INTERVAL] = {.name = "interval", .value = "SECONDS", .summary = "time between two updates, 0.2 to 60 (default 1)"},
    [JSON] = {.name = "json", .summary = "print the reply of GET /dispatch/state, once"},
    {0},
};

struct top {
    struct gateway gateway;
    double first_usd; /* spent when it began; NAN: unknown */
    uint64_t first_ms;
    struct local_http_reply state, metrics;
};

static bool get(struct top *t, const char *path, struct local_http_reply *reply, struct buf *error)
{
    local_http_free(reply);
    *reply = (struct local_http_reply){0};
    if (!gateway_call(&t->gateway, path, (struct slice){NULL, 0}, TIMEOUT_MS, reply, error))
        return false;
    if (reply->status != 200)
        buf_add_format(error, "%s%s: HTTP status %d", t->gateway.base_url, path, reply->status);
    return reply->status == 200;
}

static double usd_per_hour(struct top *t)
{
    double spent = top_screen_spent(buf_slice(&t->metrics.body));
    uint64_t now = clock_monotonic_ms();
    if (!isfinite(t->first_usd) || spent < t->first_usd) { /* the first look, or a restart of the proxy */
        t->first_usd = spent;
        t->first_ms = now;
    }
    return now - t->first_ms >= RATE_AFTER_MS ? (spent - t->first_usd) * 3.6e6 / (double)(now - t->first_ms)
                                              : (double)NAN;
}

/* Gets the state and appends the screen. false: one line in `error`. */
static bool look(struct top *t, unsigned width, unsigned height, struct buf *out, struct buf *error)
{
    char text[16] = "";
    time_t now = time(NULL);
    struct tm local;
    if (!get(t, "/dispatch/state", &t->state, error) || !get(t, "/dispatch/metrics", &t->metrics, error))
        return false;
    if (localtime_r(&now, &local))
        (void)strftime(text, sizeof text, "%H:%M:%S", &local);
    struct top_screen screen = {.state = buf_slice(&t->state.body),
                                .metrics = buf_slice(&t->metrics.body),
                                .clock = text,
                                .usd_per_hour = usd_per_hour(t),
                                .width = width,
                                .height = height,
                                .bold = terminal_style(stdout, STYLE_BOLD),
                                .good = terminal_style(stdout, STYLE_GOOD),
                                .bad = terminal_style(stdout, STYLE_BAD),
                                .faint = terminal_style(stdout, STYLE_FAINT),
                                .plain = terminal_style(stdout, STYLE_PLAIN)};
    if (top_screen_write(&screen, out))
        return true;
    buf_add_format(error, "%s: unexpected reply from the proxy", t->gateway.base_url);
    return false;
}

static bool write_all(struct slice text)
{
    while (text.len) {
        ssize_t count = write(STDOUT_FILENO, text.ptr, text.len);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return false;
        text.ptr += count;
        text.len -= (size_t)count;
    }
    return true;
}

/* Draws over the last screen: each line clears its rest, so that nothing flickers. */
static bool draw(struct slice text)
{
    struct buf out;
    buf_init(&out, 2 * SCREEN_MAX);
    BUF_ADD(&out, HOME);
    for (; text.len; text.ptr++, text.len--) {
        if (*text.ptr == '\n')
            BUF_ADD(&out, CLEAR_LINE "\r");
        buf_add_char(&out, *text.ptr);
    }
    BUF_ADD(&out, CLEAR_BELOW);
    bool ok = !out.failed && write_all(buf_slice(&out));
    buf_free(&out);
    return ok;
}

/* Waits for the next update. false: q, Ctrl-C, or a signal ends the command. */
static bool wait_for_update(int signals, int ms)
{
    struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
    struct signalfd_siginfo info;
    char key;
    if (poll(fds, 2, ms) <= 0)
        return true;
    if (fds[1].revents && read(signals, &info, sizeof info) == sizeof info)
        return info.ssi_signo == SIGWINCH;
    if (fds[0].revents)
        return read(STDIN_FILENO, &key, 1) == 1 && key != 'q' && key != 'Q' && key != 3;
    return true;
}

static int open_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGWINCH);
    return sigprocmask(SIG_BLOCK, &set, NULL) == 0 ? signalfd(-1, &set, SFD_CLOEXEC) : -1;
}

/* Draws until the user ends it. A proxy that does not answer is an error only the first time: it may be restarting. */
static int run_live(struct top *t, int interval_ms)
{
    struct termios before, raw;
    struct buf screen, error;
    int signals = open_signals(), code = EXIT_OK;
    bool input = tcgetattr(STDIN_FILENO, &before) == 0;
    buf_init(&screen, SCREEN_MAX);
    buf_init(&error, 1024);
    raw = before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    if (input)
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    (void)write_all(SLICE(ENTER));
    for (bool more = signals >= 0; more;) {
        struct winsize size = {0};
        (void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
        buf_clear(&screen);
        buf_clear(&error);
        if (!look(t, terminal_width(stdout), size.ws_row, &screen, &error)) {
            buf_clear(&screen);
            buf_add_format(&screen, "%s\nWaiting for the proxy. q ends this.\n", buf_message(&error));
        }
        more = draw(buf_slice(&screen)) && wait_for_update(signals, interval_ms);
    }
    (void)write_all(SLICE(LEAVE));
    if (input)
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &before);
    if (signals >= 0)
        (void)close(signals);
    buf_free(&screen);
    buf_free(&error);
    return code;
}

/* Without a terminal: once, as plain text. */
static int run_once(struct top *t)
{
    struct buf screen, error;
    int code = EXIT_OK;
    buf_init(&screen, SCREEN_MAX);
    buf_init(&error, 1024);
    if (look(t, 200, 0, &screen, &error))
        (void)fwrite(screen.data, 1, screen.len, stdout); /* main() reports what standard output refuses */
    else
        code = complain(EXIT_FAULT, "%s", buf_message(&error));
    buf_free(&screen);
    buf_free(&error);
    return code;
}

static int print_json(struct top *t)
{
    struct buf error;
    int code = EXIT_OK;
    buf_init(&error, 1024);
    if (get(t, "/dispatch/state", &t->state, &error))
        (void)fwrite(t->state.body.data, 1, t->state.body.len, stdout); /* as in run_once() */
    else
        code = complain(EXIT_FAULT, "%s", buf_message(&error));
    buf_free(&error);
    return code;
}

static int run(const struct arguments *a)
{
    struct top t = {.first_usd = NAN};
    struct buf error;
    char *end = NULL;
    double seconds = a->values[INTERVAL] ? strtod(a->values[INTERVAL], &end) : 1;
    if (end && (*end || end == a->values[INTERVAL] || !(seconds >= 0.2 && seconds <= 60)))
        return complain(EXIT_USAGE, "--interval: expected a number of seconds from 0.2 to 60, found '%s'",
                        a->values[INTERVAL]);
    buf_init(&error, 1024);
    int code;
    if (!gateway_find(&t.gateway, &error))
        code = complain(EXIT_FAULT, "%s", buf_message(&error));
    else if (a->values[JSON])
        code = print_json(&t);
    else if (terminal_is(stdout) && terminal_is(stdin))
        code = run_live(&t, (int)(1000 * seconds));
    else
        code = run_once(&t);
    local_http_free(&t.state);
    local_http_free(&t.metrics);
    gateway_free(&t.gateway);
    buf_free(&error);
    return code;
}

const struct command command_top = {
    .name = "top",
    .summary = "Show the proxy's deployments and requests, live",
    .about = "Shows the state of each deployment (cooldowns count down), the requests under way with the tokens\n"
             "that have arrived, the last requests, and the costs with their limit. q ends it. If the output is\n"
             "not a terminal, it is printed once. Tokens of a running reply are estimates; with --workers, the\n"
             "requests are those of one worker.",
    .examples = "pointsman top\n"
                "pointsman top --interval 5\n"
                "pointsman top --json | jq .running\n",
    .options = options,
    .run = run,
};
