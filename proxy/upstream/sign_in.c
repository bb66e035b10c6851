/* loop: how calls are authenticated: the table of the kinds, and what each does. */
#include "proxy/upstream/sign_in.h"

#include "common/paths.h"
#include "proxy/terms/failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What `kept` is, open() says; NULL functions: there is nothing to do. */
struct row {
    const char *file;
    void *(*open)(struct event_base *base, struct upstream *upstream, const struct config *config);
    void (*close)(void *kept);
    enum login_state (*get)(void *kept, struct login_wait *w, struct failure *f);
    bool (*headers)(const void *kept, const struct deployment *d, uint64_t conversation, struct buf *lines,
                    unsigned *credential);
    void (*rejected)(void *kept, unsigned credential);
    bool (*ready)(void *kept, struct failure *f);
};

/* The ChatGPT login: `kept` is a struct login. */

static void *open_chatgpt(struct event_base *base, struct upstream *upstream, const struct config *config)
{
    char *home = paths_codex_home();
    struct login_options options = {home, config->token_url};
    struct login *login = home ? login_new(base, upstream, &options) : NULL;
    free(home);
    return login;
}

static void close_chatgpt(void *kept)
{
    login_free(kept);
}

static enum login_state get_chatgpt(void *kept, struct login_wait *w, struct failure *f)
{
    return login_get(kept, w, f);
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

/* The conversation's name serves the backend's prompt cache; Codex has written it in both ways. */
static bool add_chatgpt_lines(const void *kept, const struct deployment *d, uint64_t conversation, struct buf *lines,
                              unsigned *credential)
{
    const struct login *login = kept;
    unsigned long long name = conversation;
    if (!buf_reserve(lines, lines->max)) /* all at once, so that no copy of the token stays behind */
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

static void reject_chatgpt(void *kept, unsigned credential)
{
    login_rejected(kept, credential);
}

static bool is_chatgpt_ready(void *kept, struct failure *f)
{
    return login_present(kept, f);
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
    void *kept[SIGN_INS]; /* by kind; NULL: not open */
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
        s->kept[kind] = rows[kind].open(base, upstream, config);
        if (s->kept[kind])
            continue;
        sign_ins_free(s);
        return NULL;
    }
    return s;
}

void sign_ins_free(struct sign_ins *s)
{
    for (unsigned kind = 0; s && kind < SIGN_INS; kind++)
        if (s->kept[kind])
            rows[kind].close(s->kept[kind]);
    free(s);
}

enum login_state sign_in_get(struct sign_ins *s, const struct deployment *d, struct login_wait *w, struct failure *f)
{
    enum sign_in kind = d->provider->sign_in;
    return rows[kind].get ? rows[kind].get(s->kept[kind], w, f) : LOGIN_READY;
}

bool sign_in_headers(const struct sign_ins *s, const struct deployment *d, uint64_t conversation, struct buf *lines,
                     unsigned *credential)
{
    enum sign_in kind = d->provider->sign_in;
    return !rows[kind].headers || rows[kind].headers(s->kept[kind], d, conversation, lines, credential);
}

bool sign_in_rejected(struct sign_ins *s, const struct deployment *d, unsigned credential)
{
    enum sign_in kind = d->provider->sign_in;
    if (!rows[kind].rejected)
        return false;
    rows[kind].rejected(s->kept[kind], credential);
    return true;
}

bool sign_in_ready(struct sign_ins *s, enum sign_in kind, struct failure *f)
{
    return !s->kept[kind] || rows[kind].ready(s->kept[kind], f);
}

const char *sign_in_file(enum sign_in kind)
{
    return rows[kind].file;
}
