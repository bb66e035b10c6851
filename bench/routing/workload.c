/* workload: reads the simulator's YAML file; each number is a row of a table. */
#include "bench/routing/workload.h"

#include "common/file.h"
#include "common/yaml.h"

#include <errno.h>
#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct number {
    const char *key;
    size_t offset;
    double least;
};

#define NUMBER(type, member, least) {#member, offsetof(struct type, member), least}

static const struct number BACKEND_KEYS[] = {
    NUMBER(backend, ttft, 1e-6),   NUMBER(backend, ttft_sigma, 0), NUMBER(backend, tps, 1e-6),
    NUMBER(backend, tps_sigma, 0), NUMBER(backend, in, 0),         NUMBER(backend, out, 0),
    NUMBER(backend, quality, 0),   NUMBER(backend, weight, 0),     NUMBER(backend, slots, 1),
    NUMBER(backend, max_queue, 0), NUMBER(backend, rpm, 0),        NUMBER(backend, p_good, 0),
    NUMBER(backend, p_bad, 0),     NUMBER(backend, mean_good, 0),  NUMBER(backend, mean_bad, 0),
    NUMBER(backend, fast_s, 0),    NUMBER(backend, slow_s, 0),     {NULL, 0, 0}};
static const struct number FAULT_KEYS[] = {NUMBER(fault, from, 0),
                                           NUMBER(fault, to, 0),
                                           NUMBER(fault, period, 0),
                                           NUMBER(fault, duty, 0),
                                           NUMBER(fault, slow_x, 1e-6),
                                           NUMBER(fault, p, 0),
                                           {NULL, 0, 0}};
static const struct number FAILING_KEYS[] = {
    NUMBER(failing, fast, 0), NUMBER(failing, slow, 0), NUMBER(failing, cut, 0), {NULL, 0, 0}};
static const struct number REQUEST_KEYS[] = {
    NUMBER(requests, duration, 1),  NUMBER(requests, rate, 1e-6), NUMBER(requests, in_median, 1),
    NUMBER(requests, in_sigma, 0),  NUMBER(requests, in_max, 1),  NUMBER(requests, out_median, 1),
    NUMBER(requests, out_sigma, 0), NUMBER(requests, out_max, 1), {NULL, 0, 0}};
static const struct number OBJECTIVE_KEYS[] = {NUMBER(objective, value_of_time, 0),
                                               NUMBER(objective, quality_point, 0),
                                               NUMBER(objective, failure, 0),
                                               {NULL, 0, 0}};
static const struct number LIMIT_KEYS[] = {NUMBER(workload, limits.attempts, 1),
                                           NUMBER(workload, limits.first_token_timeout, 1e-3),
                                           NUMBER(workload, limits.warmup, 0),
                                           {NULL, 0, 0}};
static const struct number SEED_KEYS[] = {
    NUMBER(workload, seeds.tune, 0), NUMBER(workload, seeds.report, 0), NUMBER(workload, seeds.count, 1), {NULL, 0, 0}};

/* The state of reading, for messages; `failed` stays set. */
struct reading {
    const char *path;
    struct buf *error;
    bool failed;
};

static void error_at(struct reading *r, unsigned line, const char *what, const char *name)
{
    if (!r->failed)
        buf_add_format(r->error, "%s:%u: %s%s%s", r->path, line, what, name ? ": " : "", name ? name : "");
    r->failed = true;
}

static const struct number *find(const struct number *keys, const char *key)
{
    for (; keys->key; keys++) {
        const char *last = strrchr(keys->key, '.');
        if (strcmp(last ? last + 1 : keys->key, key) == 0)
            return keys;
    }
    return NULL;
}

static void read_number(struct reading *r, const struct yaml_node *node, const struct number *to, void *base)
{
    char *end = NULL;
    double value = node->kind == YAML_SCALAR ? strtod(node->scalar, &end) : NAN;
    if (!end || end == node->scalar || *end || !isfinite(value))
        error_at(r, node->line, "not a number", node->key);
    else if (value < to->least)
        error_at(r, node->line, "too small", node->key);
    else
        memcpy((char *)base + to->offset, &value, sizeof value);
}

/* Reads the mapping's numbers by the table. `others`: keys that another function reads, between spaces. */
static void read_numbers(struct reading *r, const struct yaml_node *mapping, const struct number *keys, void *base,
                         const char *others)
{
    for (const struct yaml_node *node = mapping ? mapping->children : NULL; node; node = node->next) {
        char padded[NAME_MAX_LEN + 2];
        const struct number *to = node->key ? find(keys, node->key) : NULL;
        if (to) {
            read_number(r, node, to, base);
            continue;
        }
        snprintf(padded, sizeof padded, " %.30s ", node->key ? node->key : "");
        if (!strstr(others, padded))
            fprintf(stderr, "%s:%u: %s: unknown key, ignored\n", r->path, node->line, node->key ? node->key : "");
    }
}

static bool read_failing(struct reading *r, const struct yaml_node *node, struct failing *fail)
{
    if (!node)
        return false;
    *fail = (struct failing){0};
    read_numbers(r, node, FAILING_KEYS, fail, "");
    if (fabs(fail->fast + fail->slow + fail->cut - 1) > 1e-9)
        error_at(r, node->line, "shares do not sum to 1", node->key);
    return true;
}

static void read_backend(struct reading *r, const struct yaml_node *node, struct backend *b)
{
    read_numbers(r, node, BACKEND_KEYS, b, " fail ");
    read_failing(r, yaml_get(node, "fail"), &b->fail);
}

static void read_name(struct reading *r, const struct yaml_node *node, const char *name, char to[NAME_MAX_LEN])
{
    if (!name || strlen(name) >= NAME_MAX_LEN ||
        strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                     "0123456789_-") != strlen(name))
        error_at(r, node->line, "invalid name; use up to 31 letters, digits, \"_\" and \"-\"", name);
    else
        memcpy(to, name, strlen(name) + 1);
}

static int backend_index(const struct scenario *s, const char *name)
{
    for (unsigned i = 0; name && i < s->backend_count; i++)
        if (strcmp(s->backends[i].name, name) == 0)
            return (int)i;
    return -1;
}

static void read_fault(struct reading *r, const struct yaml_node *node, struct scenario *s)
{
    if (s->fault_count == FAULTS_MAX) {
        error_at(r, node->line, "too many faults", NULL);
        return;
    }
    const struct yaml_node *name = yaml_get(node, "backend");
    int backend = name ? backend_index(s, name->scalar) : -1;
    if (backend < 0) {
        error_at(r, node->line, "fault: unknown backend in this scenario", NULL);
        return;
    }
    struct fault *f = &s->faults[s->fault_count++];
    *f = (struct fault){.backend = (unsigned)backend, .to = INFINITY, .duty = 1, .slow_x = 1, .p = -1};
    read_numbers(r, node, FAULT_KEYS, f, " backend fail ");
    f->has_fail = read_failing(r, yaml_get(node, "fail"), &f->fail);
}

static void read_order(struct reading *r, const struct yaml_node *root, const struct yaml_node *node,
                       struct scenario *s)
{
    const struct yaml_node *backends = yaml_get(root, "backends"), *order = yaml_get(node, "order");
    for (const struct yaml_node *name = order ? order->children : NULL; name && !r->failed; name = name->next) {
        const struct yaml_node *found = name->scalar ? yaml_get(backends, name->scalar) : NULL;
        if (!found || backend_index(s, name->scalar) >= 0 || s->backend_count == BACKENDS_MAX) {
            error_at(r, name->line, "unknown or duplicate backend, or too many", name->scalar);
            return;
        }
        struct backend *b = &s->backends[s->backend_count++];
        *b = (struct backend){.weight = 1, .slots = 1e9, .max_queue = 0, .mean_good = 1, .fail = {.fast = 1}};
        read_name(r, name, name->scalar, b->name);
        read_backend(r, yaml_get(root, "backend_defaults"), b);
        read_backend(r, found, b);
        read_backend(r, yaml_get(node, "all"), b);
        if (b->ttft <= 0 || b->tps <= 0)
            error_at(r, found->line, "missing ttft or tps", name->scalar);
    }
    if (!s->backend_count)
        error_at(r, node->line, "missing order", s->name);
}

static void read_scenario(struct reading *r, const struct yaml_node *root, const struct yaml_node *node,
                          struct workload *w)
{
    if (w->scenario_count == SCENARIOS_MAX) {
        error_at(r, node->line, "too many scenarios", NULL);
        return;
    }
    struct scenario *s = &w->scenarios[w->scenario_count++];
    read_name(r, node, node->key, s->name);
    read_numbers(r, yaml_get(root, "requests"), REQUEST_KEYS, &s->requests, "");
    read_numbers(r, yaml_get(node, "requests"), REQUEST_KEYS, &s->requests, "");
    read_order(r, root, node, s);
    const struct yaml_node *set = yaml_get(node, "set"), *faults = yaml_get(node, "faults");
    for (const struct yaml_node *one = set ? set->children : NULL; one; one = one->next) {
        int backend = backend_index(s, one->key);
        if (backend < 0)
            error_at(r, one->line, "unknown backend in this scenario", one->key);
        else
            read_backend(r, one, &s->backends[backend]);
    }
    for (const struct yaml_node *one = faults ? faults->children : NULL; one; one = one->next)
        read_fault(r, one, s);
    read_numbers(r, node, (const struct number[]){{NULL, 0, 0}}, NULL, " order all set faults requests ");
    if (s->requests.rate <= 0 || s->requests.duration <= 0 || s->requests.in_median < 1 || s->requests.out_median < 1)
        error_at(r, node->line, "missing or too small: duration, rate, in_median or out_median of requests", s->name);
}

static void read_root(struct reading *r, const struct yaml_node *root, struct workload *w)
{
    const struct yaml_node *name = yaml_get(root, "name"), *scenarios = yaml_get(root, "scenarios");
    if (name)
        read_name(r, name, name->scalar, w->name);
    read_numbers(r, yaml_get(root, "objective"), OBJECTIVE_KEYS, &w->objective, "");
    w->limits.attempts = 1;
    w->limits.first_token_timeout = 1e9;
    read_numbers(r, yaml_get(root, "limits"), LIMIT_KEYS, w, "");
    w->seeds.count = 1;
    read_numbers(r, yaml_get(root, "seeds"), SEED_KEYS, w, "");
    for (const struct yaml_node *one = scenarios ? scenarios->children : NULL; one && !r->failed; one = one->next)
        read_scenario(r, root, one, w);
    if (!w->scenario_count)
        error_at(r, root->line, "missing scenarios", NULL);
}

struct workload *workload_load(const char *path, struct buf *error)
{
    struct buf text;
    buf_init(&text, 4 << 20);
    struct workload *w = NULL;
    struct yaml_node *root = NULL;
    struct reading r = {.path = path, .error = error};
    if (!file_read(AT_FDCWD, path, 0, (4u << 20) - 1, &text)) {
        buf_add_format(error, "%s: can't be read: %s", path, file_reason(errno));
        goto out;
    }
    root = yaml_parse(path, buf_slice(&text), error);
    if (!root)
        goto out;
    w = calloc(1, sizeof *w);
    if (!w) {
        buf_add_text(error, "out of memory");
        goto out;
    }
    unsigned char hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(hash, (const unsigned char *)text.data, text.len);
    sodium_bin2hex(w->sha256, sizeof w->sha256, hash, sizeof hash);
    read_root(&r, root, w);
    if (r.failed) {
        free(w);
        w = NULL;
    }
out:
    yaml_tree_free(root);
    buf_free(&text);
    return w;
}
