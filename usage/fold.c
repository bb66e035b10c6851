/* pure. Folds the lines of the request log into cells. */
#include "usage/fold.h"

#include "common/fast_hash.h"

#include <stdlib.h>
#include <string.h>

#define NAMES_AT_MOST 4096
#define HOUR_MS 3600000
#define SEED 0x51c8a2d3f7e90b64u

const char *usage_by_name(enum usage_by by)
{
    static const char *const NAMES[BYS] = {
        [BY_DAY] = "day",     [BY_MODEL] = "model",   [BY_PROVIDER] = "provider",
        [BY_ALIAS] = "alias", [BY_CLIENT] = "client", [BY_KEY] = "key",
        [BY_CONVERSATION] = "conversation",
        [BY_HOUR] = "hour",
    };
    return NAMES[by];
}

void fold_init(struct fold *f, const struct fold_settings *settings)
{
    *f = (struct fold){.settings = *settings, .names.max = NAMES_AT_MOST};
    buf_init(&f->pending, FOLD_LINE_MAX);
}

static bool same(const struct cell_key *a, const struct cell_key *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static uint32_t *slot_of(const struct fold *f, const struct cell_key *key)
{
    uint32_t at = (uint32_t)fast_hash((struct slice){(const char *)key, sizeof *key}, SEED) & (f->slot_count - 1);
    while (f->slots[at] && !same(&f->cells[f->slots[at] - 1].key, key))
        at = (at + 1) & (f->slot_count - 1);
    return &f->slots[at];
}

static bool grow(struct fold *f)
{
    if (f->cell_count < f->cell_cap)
        return true;
    uint32_t cap = f->cell_cap ? 2 * f->cell_cap : 32;
    struct cell *cells = realloc(f->cells, cap * sizeof *cells);
    if (!cells)
        return false;
    f->cells = cells;
    uint32_t *slots = calloc(2 * cap, sizeof *slots);
    if (!slots)
        return false;
    free(f->slots);
    f->slots = slots;
    f->slot_count = 2 * cap;
    f->cell_cap = cap;
    for (uint32_t i = 0; i < f->cell_count; i++)
        *slot_of(f, &f->cells[i].key) = i + 1;
    return true;
}

struct usage_sums *fold_cell(struct fold *f, const struct cell_key *key)
{
    struct cell_key other = {.other = 1, .day = f->settings.apart == 1u << BY_DAY ? 0 : key->day};
    if (f->last < f->cell_count && same(&f->cells[f->last].key, key))
        return &f->cells[f->last].sums;
    if (!grow(f))
        return NULL;
    uint32_t *slot = slot_of(f, key);
    if (!*slot && f->cell_count >= f->settings.cells_max)
        slot = slot_of(f, key = &other);
    if (!*slot) {
        f->cells[f->cell_count++] = (struct cell){.key = *key};
        *slot = f->cell_count;
    }
    f->last = *slot - 1;
    return &f->cells[f->last].sums;
}

static bool apart(const struct fold *f, enum usage_by by)
{
    return f->settings.apart & 1u << by;
}

static bool add_names(struct fold *f, const struct slice names[BY_CONVERSATION], struct cell_key *key)
{
    for (unsigned by = BY_MODEL; by < BY_CONVERSATION; by++)
        if (apart(f, (enum usage_by)by) && !names_find(&f->names, names[by], &key->of[by]))
            return false;
    return true;
}

struct usage_sums *fold_named_cell(struct fold *f, int64_t day, const struct slice names[BY_CONVERSATION])
{
    struct cell_key key;
    memset(&key, 0, sizeof key);
    key.day = apart(f, BY_DAY) ? day : 0;
    return add_names(f, names, &key) ? fold_cell(f, &key) : NULL;
}

static bool key_of(struct fold *f, const struct usage_request *r, struct cell_key *key)
{
    const struct slice names[BY_CONVERSATION] = {
        [BY_MODEL] = r->model,   [BY_PROVIDER] = r->provider, [BY_ALIAS] = r->alias,
        [BY_CLIENT] = r->client, [BY_KEY] = r->key};
    memset(key, 0, sizeof *key);
    if (apart(f, BY_DAY)) {
        dates_find_day(&f->day, r->time_ms);
        key->day = f->day.number;
        if (apart(f, BY_HOUR))
            key->hour = (uint16_t)(1 + (r->time_ms - f->day.start_ms) / HOUR_MS);
    }
    if (apart(f, BY_CONVERSATION))
        key->conversation = r->conversation;
    return add_names(f, names, key);
}

/* Counts failed attempts where their provider is, not where the request ended. */
static void move_failures(struct fold *f, const struct usage_request *r, struct cell_key key)
{
    const uint32_t ended = key.of[BY_PROVIDER];
    for (unsigned i = 0; i < r->failed_provider_count; i++) {
        struct usage_sums *to = NULL, *from = NULL;
        key.of[BY_PROVIDER] = ended;
        if (!names_find(&f->names, r->failed_providers[i], &key.of[BY_PROVIDER]) || !(to = fold_cell(f, &key))) {
            f->failed = true;
            return;
        }
        to->attempts_failed++;
        key.of[BY_PROVIDER] = ended;
        if ((from = fold_cell(f, &key)))
            from->attempts_failed--;
    }
}

void fold_add_request(struct fold *f, const struct usage_request *r)
{
    const struct fold_settings *s = &f->settings;
    struct cell_key key;
    if (r->time_ms < s->since_ms || r->time_ms >= s->until_ms ||
        (s->conversation && r->conversation != s->conversation) || !usage_filter_admits(&s->filter, r)) {
        f->outside++;
        return;
    }
    struct usage_sums *sums = key_of(f, r, &key) ? fold_cell(f, &key) : NULL;
    if (!sums || !sums_add(sums, r))
        f->failed = true;
    else if (r->failed_provider_count && apart(f, BY_PROVIDER))
        move_failures(f, r, key);
    if (s->on_request)
        s->on_request(s->context, r);
}

static void add_line(struct fold *f, struct slice line)
{
    struct usage_request r;
    if (line.len && line.ptr[line.len - 1] == '\r')
        line.len--;
    if (!line.len)
        return;
    f->lines++;
    switch (usage_line_read(&f->reader, line, &r)) {
    case LINE_REQUEST: fold_add_request(f, &r); break;
    case LINE_TORN: f->torn++; break;
    case LINE_FOREIGN: f->foreign++; break;
    default: f->failed = true; break;
    }
}

/* Keeps the beginning of a line for the next bytes. */
static void keep(struct fold *f, struct slice part)
{
    if (f->skipping || !part.len || buf_add_slice(&f->pending, part))
        return;
    f->skipping = f->pending.full;
    f->failed = f->failed || !f->pending.full;
    buf_clear(&f->pending);
}

/* The rest of a line that began in earlier bytes. */
static void end_line(struct fold *f, struct slice rest)
{
    keep(f, rest);
    if (f->skipping) {
        f->lines++;
        f->torn++;
    } else {
        add_line(f, buf_slice(&f->pending));
    }
    buf_clear(&f->pending);
    f->skipping = false;
}

bool fold_feed(struct fold *f, struct slice bytes)
{
    while (bytes.len) {
        const char *newline = memchr(bytes.ptr, '\n', bytes.len);
        struct slice line = {bytes.ptr, newline ? (size_t)(newline - bytes.ptr) : bytes.len};
        if (!newline)
            keep(f, line);
        else if (f->pending.len || f->skipping)
            end_line(f, line);
        else
            add_line(f, line);
        size_t taken = line.len + (newline != NULL);
        bytes.ptr += taken;
        bytes.len -= taken;
    }
    return !f->failed;
}

bool fold_end_file(struct fold *f)
{
    if (f->pending.len || f->skipping)
        end_line(f, (struct slice){"", 0});
    return !f->failed;
}

void fold_free(struct fold *f)
{
    for (uint32_t i = 0; i < f->cell_count; i++)
        sums_free(&f->cells[i].sums);
    free(f->cells);
    free(f->slots);
    names_free(&f->names);
    buf_free(&f->pending);
    usage_line_free(&f->reader);
}
