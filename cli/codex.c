/* The user's Codex CLI and the managed profiles for it. */
#include "cli/codex.h"

#include "cli/child.h"
#include "cli/codex_catalog.h"
#include "cli/gateway.h"
#include "cli/locate.h"
#include "cli/session_client.h"
#include "common/file.h"
#include "common/paths.h"
#include "proxy/answers/catalog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VERSION_MS 5000 /* timeout of codex --version */

static void ask_version(struct codex *codex)
{
    char *const argv[] = {codex->path, "--version", NULL};
    struct buf text;
    buf_init(&text, 4096);
    if (child_capture(&(struct child_run){argv, NULL, VERSION_MS, NULL}, &text) == 0)
        codex->has_version = codex_version_read(buf_slice(&text), &codex->version);
    buf_free(&text);
}

static void read_file(const char *path, struct buf *out)
{
    if (!file_read(AT_FDCWD, path, O_NOFOLLOW, CATALOG_TEXT_MAX, out))
        buf_clear(out);
}

static void ask_models(struct codex *codex)
{
    const char *base = getenv("TMPDIR");
    char *folder = paths_join(base && *base ? base : "/tmp", "pointsman-XXXXXX");
    char *path = folder && mkdtemp(folder) ? paths_join(folder, "codex-models.json") : NULL;
    if (path) {
        codex_catalog_end(codex_catalog_begin(folder));
        read_file(path, &codex->models);
        (void)unlink(path);
        (void)rmdir(folder);
    }
    free(path);
    free(folder);
}

void codex_ask(struct codex *codex)
{
    *codex = (struct codex){.path = codex_find()};
    buf_init(&codex->models, CATALOG_TEXT_MAX + 1);
    if (codex->path) {
        ask_version(codex);
        ask_models(codex);
    }
}

void codex_free(struct codex *codex)
{
    free(codex->path);
    buf_free(&codex->models);
    *codex = (struct codex){0};
}

char *codex_key_command(void)
{
    char *self = realpath("/proc/self/exe", NULL), *found = child_find("pointsman", NULL);
    char *real = found ? realpath(found, NULL) : NULL;
    if (self && real && strcmp(self, real) == 0) {
        free(self);
        self = strdup("pointsman");
    }
    free(real);
    free(found);
    return self;
}

/* Returns the running session's base URL and sets `config`; NULL: no session. */
static char *ask_session(struct codex_proxy *proxy)
{
    struct session_client session;
    struct session_status status;
    char *base = NULL;
    if (session_client_try(&session, &status)) {
        base = strdup(status.base_url);
        proxy->config = json_strdup(&status.json, json_get(&status.json, 0, "config"));
    }
    session_status_free(&status);
    session_client_close(&session);
    return base;
}

/* Whether LITELLM_BASE_URL names the session's own proxy. */
static bool is_own(void)
{
    struct gateway gateway;
    struct buf ignored;
    buf_init(&ignored, 4096);
    bool own = gateway_find(&gateway, &ignored) && gateway.own;
    gateway_free(&gateway);
    buf_free(&ignored);
    return own;
}

bool codex_proxy_find(struct codex_proxy *proxy, struct buf *why)
{
    const char *named = getenv("LITELLM_BASE_URL");
    struct buf url;
    *proxy = (struct codex_proxy){0};
    char *own = ask_session(proxy);
    if (!named || !*named) {
        proxy->base_url = own ? own : strdup(GATEWAY_BASE);
        return proxy->base_url != NULL;
    }
    free(own);
    buf_init(&url, 4096);
    if (profile_base_url(named, &url, why))
        proxy->base_url = strdup(buf_text(&url));
    else
        buf_add_text(why, why->len ? ": LITELLM_BASE_URL" : "out of memory");
    proxy->elsewhere = !is_own();
    buf_free(&url);
    return proxy->base_url != NULL;
}

void codex_proxy_free(struct codex_proxy *proxy)
{
    free(proxy->base_url);
    free(proxy->config);
    *proxy = (struct codex_proxy){0};
}

bool codex_enable(const struct codex *codex, const struct codex_proxy *proxy, bool make_default, const char *model,
                  struct lease *lease, struct buf *why)
{
    char *key_command = proxy->elsewhere ? NULL : codex_key_command();
    char *config = proxy->config ? strdup(proxy->config) : locate_config();
    struct profile_request request = {
        .spec =
            {
                .style = profile_style_of(codex->has_version ? &codex->version : NULL),
                .make_default = make_default,
                .model = model ? model : PROFILE_MODEL,
                .base_url = proxy->base_url,
                .key_command = key_command,
            },
        .keep = lease == NULL,
        .config = config,
        .codex_models = buf_slice(&codex->models),
    };
    bool ok = profile_enable(&request, lease, why);
    free(key_command);
    free(config);
    return ok;
}
