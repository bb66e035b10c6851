/* loop: the table of sign-ins, which authenticate calls. */
#include "proxy/upstream/sign_in.h"

#include "common/paths.h"
#include "proxy/terms/failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* `state` is the result of open(). NULL functions: nothing to do. */
struct row {
    const char *file;
    void *(*open)(struct event_base *base, struct upstream *upstream, const struct config *config);
    void (*close)(void *state);
    enum login_state (*get)(void *state, struct login_wait *w, struct failure *f);
    bool (*headers)(const void *state, const struct deployment *d, uint64_t conversation, struct buf *lines,
                    unsigned *credential);
    void (*rejected)(void *state, unsigned credential);
    bool (*ready)(void *state, struct failure *f);
};

/* The ChatGPT login: `state` is a struct login. */

static void *open_chatgpt(struct event_base *base, struct upstream *upstream, const struct config *config)
{
    char *home = paths_codex_home();
    struct login_options options = {home, config->token_url};
    struct login *login = home ? login_new(base, upstream, &options) : NULL;
    free(home);
    return login;
}

static void close_chatgpt(void *state)
{
    login_free(state);
}

static enum login_state get_chatgpt(void *state, struct login_wait *w, struct failure *f)
{
    return login_get(state, w, f);
}

/* Adds a header line, ended by a NUL. */
static PRINTF_LIKE(2, 3) void add_line(struct buf *lines, const char *format, ...)
{
    char line[CALL_FIELDS_MAX];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    lines->failed |= len < 0 || (size_t)len >= sizeof line;
    buf_add(lines, line, strlen(line) + 1);
    explicit_bzero(line, sizeof line);
}

/* The backend's prompt cache uses the conversation's name; versions of Codex have sent it in one field or the other. */
static bool add_chatgpt_lines(const void *state, const struct deployment *d, uint64_t conversation, struct buf *lines,
                              unsigned *credential)
{
    const struct login *login = state;
    unsigned long long name = conversation;
    if (!buf_reserve(lines, lines->max)) /* all at once: growing would leave a copy of the token in freed memory */
        return false;
    *credential = login_generation(login);
    add_line(lines, "Authorization: Bearer %s", login_access_token(login));
    if (*login_account_id(login))
        add_line(lines, "chatgpt-account-id: %s", login_account_id(login));
    add_line(lines, "originator: %s", d->originator);
    add_line(lines, "session_id: %016llx", name);
    add_line(lines, "session-id: %016llx", name);
    return !lines->failed;
}

static void reject_chatgpt(void *state, unsigned credential)
{
    login_rejected(state, credential);
}

static bool is_chatgpt_ready(void *state, struct failure *f)
{
    return login_present(state, f);
}

static const struct row rows[SIGN_INS] = {
    [SIGN_IN_KEY] = {.file = NULL},
    [SIGN_IN_CHATGPT] = {.file = "auth.json",
                         .open = open_chatgpt,
                         .close = close_chatgpt,
                         .get = get_chatgpt,
                         .headers = add_chatgpt_lines,
                         .rejected = reject_chatgpt,
                         .ready = is_chatgpt_ready},
};

struct sign_ins {
    void *state[SIGN_INS]; /* by kind; NULL: not open */
};

static bool is_needed(const struct config *config, enum sign_in kind)
{
    for (unsigned i = 0; i < config->deployment_count; i++)
        if (config->deployments[i].provider->sign_in == kind && !config->deployments[i].not_ready)
            return true;
    return false;
}

struct sign_ins *sign_ins_new(struct event_base *base, struct upstream *upstream, const struct config *config)
{
    struct sign_ins *s = calloc(1, sizeof *s);
    for (unsigned kind = 0; s && kind < SIGN_INS; kind++) {
        if (!rows[kind].open || !is_needed(config, kind))
            continue;
        s->state[kind] = rows[kind].open(base, upstream, config);
        if (s->state[kind])
            continue;
        sign_ins_free(s);
        return NULL;
    }
    return s;
}

void sign_ins_free(struct sign_ins *s)
{
    for (unsigned kind = 0; s && kind < SIGN_INS; kind++)
        if (s->state[kind])
            rows[kind].close(s->state[kind]);
    free(s);
}

enum login_state sign_in_get(struct sign_ins *s, const struct deployment *d, struct login_wait *w, struct failure *f)
{
    enum sign_in kind = d->provider->sign_in;
    return rows[kind].get ? rows[kind].get(s->state[kind], w, f) : LOGIN_READY;
}

bool sign_in_headers(const struct sign_ins *s, const struct deployment *d, uint64_t conversation, struct buf *lines,
                     unsigned *credential)
{
    enum sign_in kind = d->provider->sign_in;
    return !rows[kind].headers || rows[kind].headers(s->state[kind], d, conversation, lines, credential);
}

bool sign_in_rejected(struct sign_ins *s, const struct deployment *d, unsigned credential)
{
    enum sign_in kind = d->provider->sign_in;
    if (!rows[kind].rejected)
        return false;
    rows[kind].rejected(s->state[kind], credential);
    return true;
}

bool sign_in_ready(struct sign_ins *s, enum sign_in kind, struct failure *f)
{
    return !s->state[kind] || rows[kind].ready(s->state[kind], f);
}

const char *sign_in_file(enum sign_in kind)
{
    return rows[kind].file;
}
