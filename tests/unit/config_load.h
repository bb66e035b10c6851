/* config_load: common to the tests of the configuration: loads a text and keeps the result. */
#ifndef POINTSMAN_UNIT_CONFIG_LOAD_H
#define POINTSMAN_UNIT_CONFIG_LOAD_H

#include "tests/unit/unit.h"
#include "common/secret.h"
#include "common/url.h"
#include "proxy/config/private.h"

#include <unistd.h>

#define MASTER "general_settings: {master_key: os.environ/LITELLM_API_KEY}\n"

/* One load: the file, its environment ("NAME=value", NULL at the end), and the result. */
struct load {
    char path[64];
    const char *const *env;
    struct config *config;
    struct buf error, warnings;
};

static const char *const NOTHING_SET[] = {NULL};
static const char *const USUAL[] = {"LITELLM_API_KEY=sk-local-master", "OPENAI_API_KEY=sk-openai-secret", "HOME=/h",
                                    NULL};

static inline const char *look_up(const char *name, void *ctx)
{
    const struct load *l = ctx;
    size_t len = strlen(name);
    for (const char *const *e = l->env; *e; e++)
        if (strncmp(*e, name, len) == 0 && (*e)[len] == '=')
            return *e + len + 1;
    return NULL;
}

static inline void collect(const char *message, void *ctx)
{
    struct load *l = ctx;
    const char *rest = strstr(message, l->path) == message ? message + strlen(l->path) : message;
    buf_add_format(&l->warnings, "F%s\n", rest);
}

/* The table of known models in the loads that follow; NULL: none. */
static const char *load_prices;

static inline void load_start(struct load *l, struct slice text, const char *const *env, bool demo)
{
    *l = (struct load){.path = "/tmp/pointsman-test-config-XXXXXX", .env = env};
    buf_init(&l->error, 64u << 10);
    buf_init(&l->warnings, 64u << 10);
    int fd = mkstemp(l->path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text.ptr, text.len), (ssize_t)text.len);
    close(fd);
    struct config_options options = {
        .path = l->path,
        .env = look_up,
        .env_ctx = l,
        .demo = demo,
        .price_table = load_prices,
        .warn = collect,
        .warn_ctx = l,
    };
    l->config = config_load(&options, &l->error);
    unlink(l->path);
}

static inline void load_end(struct load *l)
{
    config_free(l->config);
    buf_free(&l->error);
    buf_free(&l->warnings);
}

static inline void load_env(struct load *l, const char *text, const char *const *env)
{
    load_start(l, slice_of(text), env, false);
    if (!l->config)
        print_error("%s\n", buf_text(&l->error));
    assert_non_null(l->config);
}

static inline void load(struct load *l, const char *text)
{
    load_env(l, text, USUAL);
}

/* Appends the error with "F" instead of the file's name: "F:3: …". */
static inline void strip_path(struct load *l, struct buf *out)
{
    const char *text = buf_text(&l->error);
    size_t len = strlen(l->path);
    while (*text) {
        bool named = strncmp(text, l->path, len) == 0;
        buf_add_char(out, named ? 'F' : *text);
        text += named ? len : 1;
    }
}

static inline void refused_env(const char *text, const char *const *env, bool demo, const char *errors)
{
    struct load l;
    struct buf message;
    buf_init(&message, 64u << 10);
    load_start(&l, slice_of(text), env, demo);
    assert_null(l.config);
    strip_path(&l, &message);
    assert_buf(&message, errors);
    buf_free(&message);
    load_end(&l);
}

static inline void refused(const char *text, const char *errors)
{
    refused_env(text, USUAL, false, errors);
}

static inline void warns(const char *text, const char *warnings)
{
    struct load l;
    load(&l, text);
    assert_buf(&l.warnings, warnings);
    unsigned lines = 0;
    for (size_t i = 0; i < l.warnings.len; i++)
        lines += l.warnings.data[i] == '\n';
    assert_int_equal(l.config->warnings, lines);
    load_end(&l);
}

/* Reads a file of the source tree, which `make check` passes in $srcdir. */
static inline void source_path(const char *name, char path[1024])
{
    const char *folder = getenv("srcdir");
    snprintf(path, 1024, "%s/%s", folder ? folder : ".", name);
}

static inline void read_source(const char *name, struct buf *out)
{
    char path[1024];
    source_path(name, path);
    FILE *f = fopen(path, "r");
    if (!f)
        fail_msg("can't open %s: run make check, or run the test in the source folder", path);
    assert_true(buf_reserve(out, 1u << 20));
    out->len = fread(out->data, 1, 1u << 20, f);
    fclose(f);
}

/* Loads the configuration that comes with pointsman, with its table of prices. */
static inline void load_shipped(struct load *l, const char *const *env)
{
    struct buf text;
    char prices[1024];
    buf_init(&text, 2u << 20);
    read_source("conf/litellm-cost-routing.yaml", &text);
    source_path("conf/model-prices.tsv", prices);
    load_prices = prices;
    load_env(l, buf_text(&text), env);
    load_prices = NULL;
    buf_free(&text);
}

static inline int load_group_start(void **state)
{
    (void)state;
    return secret_init() ? 0 : -1;
}

#endif
