/* pure. Reads a line of the request log. Lines have about 40 members of which some are long (the candidates), so only
 * the members in use are looked at, each once. */
#include "usage/line.h"

#include "usage/dates.h"

#include <string.h>

#define NAMES_MAX 4096 /* bytes of all unescaped names of a line */

/* The string at the node, unescaped; empty if it is not one. Cut to LINE_NAME_MAX at a character's start. */
static struct slice name_at(struct line_reader *reader, const struct json *j, uint32_t node)
{
    struct slice name = json_inner(j, node);
    if (!name.ptr)
        return (struct slice){"", 0};
    if (j->nodes[node].escaped) {
        size_t start = reader->names.len;
        if (!json_unescape(j, node, &reader->names))
            return (struct slice){"?", 1};
        name = (struct slice){reader->names.data + start, reader->names.len - start};
    }
    if (name.len > LINE_NAME_MAX)
        for (name.len = LINE_NAME_MAX; name.len && ((unsigned char)name.ptr[name.len] & 0xc0) == 0x80;)
            name.len--;
    return name;
}

static double number_at(const struct json *j, uint32_t node)
{
    double value;
    return node != JSON_NONE && json_double(j, node, &value) ? value : NAN;
}

/* Counts and amounts are not negative. */
static double amount_at(const struct json *j, uint32_t node)
{
    double value = number_at(j, node);
    return value >= 0 ? value : NAN;
}

static uint64_t conversation_at(const struct json *j, uint32_t node)
{
    uint64_t value;
    return usage_conversation_read(json_inner(j, node), &value) ? value : 0;
}

bool usage_conversation_read(struct slice text, uint64_t *conversation)
{
    static const char DIGITS[] = "0123456789abcdef";
    *conversation = 0;
    for (size_t i = 0; i < text.len && text.len == 16; i++) {
        const char *digit = memchr(DIGITS, text.ptr[i], 16);
        if (!digit)
            return false;
        *conversation = *conversation << 4 | (uint64_t)(digit - DIGITS);
    }
    return text.len == 16 && *conversation;
}

static bool parse_part(struct line_reader *reader, uint32_t node)
{
    struct slice raw = json_raw(&reader->line, node);
    return json_parse(&reader->part, raw.ptr, raw.len);
}

static void read_tokens(struct line_reader *reader, uint32_t node, struct usage_request *r)
{
    static const struct {
        const char *name;
        enum usage_figure figure;
    } COUNTS[] = {{"input", FIGURE_INPUT},
                  {"cached", FIGURE_CACHED},
                  {"cache_write", FIGURE_CACHE_WRITE},
                  {"output", FIGURE_OUTPUT},
                  {"reasoning", FIGURE_REASONING}};
    const struct json *j = &reader->part;
    if (!parse_part(reader, node))
        return;
    for (size_t i = 0; i < sizeof COUNTS / sizeof *COUNTS; i++)
        r->figures[COUNTS[i].figure] = amount_at(j, json_get(j, 0, COUNTS[i].name));
    r->estimated = json_is(j, json_get(j, 0, "estimated"), JSON_TRUE);
}

static void read_attempts(struct line_reader *reader, uint32_t node, struct usage_request *r)
{
    const struct json *j = &reader->part;
    struct slice first = {0}, last = {0};
    if (!parse_part(reader, node))
        return;
    for (uint32_t a = json_first(j, 0); a != JSON_NONE; a = json_next(j, a)) {
        uint32_t outcome = json_get(j, a, "outcome");
        bool ok = json_string_is(j, outcome, "ok");
        double lost_usd = amount_at(j, json_get(j, a, "cost_usd"));
        if (isfinite(lost_usd))
            r->figures[FIGURE_HEDGE_COST] = lost_usd + fmax(0, r->figures[FIGURE_HEDGE_COST]);
        if (json_string_is(j, outcome, "lost"))
            continue;
        r->attempts_failed += !ok;
        struct slice provider = ok ? (struct slice){0} : json_inner(j, json_get(j, a, "provider"));
        if (provider.len && provider.len <= LINE_NAME_MAX && r->failed_provider_count < FAILED_PROVIDERS) {
            r->failed_outcomes[r->failed_provider_count] = json_inner(j, outcome);
            r->failed_providers[r->failed_provider_count++] = provider;
        }
        last = ok ? json_inner(j, json_get(j, a, "deployment")) : (struct slice){0};
        if (!first.ptr)
            first = json_inner(j, json_get(j, a, "deployment"));
    }
    r->fallback = first.ptr && last.ptr && !slice_equal(first, last);
}

static void read_client(struct line_reader *reader, uint32_t node, struct usage_request *r)
{
    const struct json *j = &reader->part;
    if (!parse_part(reader, node))
        return;
    struct slice name = json_inner(j, json_get(j, 0, "name")), version = json_inner(j, json_get(j, 0, "version"));
    size_t start = reader->names.len;
    if (!name.len || name.len + version.len + 1 > LINE_NAME_MAX || !buf_add_slice(&reader->names, name) ||
        (version.len && (!BUF_ADD(&reader->names, "/") || !buf_add_slice(&reader->names, version))))
        return;
    r->client = (struct slice){reader->names.data + start, reader->names.len - start};
}

enum reply_cache usage_reply_cache(const struct json *j, uint32_t cache)
{
    static const struct {
        const char *status, *tier;
        enum reply_cache result;
    } ROWS[] = {
        {"hit", "redis", REPLY_REDIS},   {"hit", "semantic", REPLY_SEMANTIC},  {"hit", NULL, REPLY_MEMORY},
        {"miss", NULL, REPLY_MISSED},    {"collapsed", NULL, REPLY_COLLAPSED}, {"stored", NULL, REPLY_MISSED},
        {"bypass", NULL, REPLY_BYPASSED},
    };
    uint32_t status = json_get(j, cache, "status"), tier = json_get(j, cache, "tier");
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        if (json_string_is(j, status, ROWS[i].status) && (!ROWS[i].tier || json_string_is(j, tier, ROWS[i].tier)))
            return ROWS[i].result;
    return REPLY_CACHES;
}

static void read_cache(struct line_reader *reader, uint32_t node, struct usage_request *r)
{
    const struct json *j = &reader->part;
    if (!parse_part(reader, node))
        return;
    r->cache_hit = json_string_is(j, json_get(j, 0, "status"), "hit");
    r->reply_cache = usage_reply_cache(j, 0);
    r->cache_age_s = amount_at(j, json_get(j, 0, "age_s"));
    r->figures[FIGURE_CACHE_SAVED] = amount_at(j, json_get(j, 0, "saved_usd"));
    r->cache = json_raw(&reader->line, node);
}

enum member {
    TIMESTAMP, REQUEST_ID, ALIAS, DEPLOYMENT, MODEL, PROVIDER, CONVERSATION, TURN, SEGMENTS, PREFIX_CHANGED, CLIENT,
    KEY,    ATTEMPTS, STREAM, TTFT_MS, TOTAL_MS, TOKENS, COST_USD, BASELINE_USD, UNCACHED_USD, END, CACHE, MEMBERS
};

/* A member's value in `node`. false: the line is foreign. */
static bool take(struct line_reader *reader, enum member member, uint32_t node, struct usage_request *r)
{
    const struct json *j = &reader->line;
    switch (member) {
    case TIMESTAMP: return dates_read(json_inner(j, node), &r->time_ms);
    case REQUEST_ID: r->id = name_at(reader, j, node); break;
    case ALIAS: r->alias = name_at(reader, j, node); break;
    case DEPLOYMENT: r->deployment = name_at(reader, j, node); break;
    case MODEL: r->model = name_at(reader, j, node); break;
    case PROVIDER: r->provider = name_at(reader, j, node); break;
    case CONVERSATION: r->conversation = conversation_at(j, node); break;
    case TURN: r->turn = (int64_t)fmin(1e9, fmax(0, number_at(j, node))); break;
    case SEGMENTS: r->segments = json_raw(j, node); break;
    case PREFIX_CHANGED: r->prefix_changed = name_at(reader, j, node); break;
    case CLIENT: read_client(reader, node, r); break;
    case KEY: r->key = name_at(reader, j, node); break;
    case ATTEMPTS: read_attempts(reader, node, r); break;
    case STREAM: r->stream = json_is(j, node, JSON_TRUE); break;
    case TTFT_MS: r->ttft_ms = amount_at(j, node); break;
    case TOTAL_MS: r->total_ms = amount_at(j, node); break;
    case TOKENS: read_tokens(reader, node, r); break;
    case COST_USD: r->figures[FIGURE_COST] = amount_at(j, node); break;
    case BASELINE_USD: r->figures[FIGURE_BASELINE] = amount_at(j, node); break;
    case UNCACHED_USD: r->figures[FIGURE_PROMPT_CACHE_SAVED] = amount_at(j, node); break; /* see conclude() */
    case END: r->end = name_at(reader, j, node); break;
    case CACHE: read_cache(reader, node, r); break;
    default: break;
    }
    return true;
}

static enum member member_of(struct slice key)
{
#define NAME(text) {text, sizeof text - 1}
    static const struct slice NAMES[MEMBERS] = {
        [TIMESTAMP] = NAME("timestamp"), [REQUEST_ID] = NAME("request_id"), [ALIAS] = NAME("alias"),
        [DEPLOYMENT] = NAME("deployment"), [MODEL] = NAME("model"), [PROVIDER] = NAME("provider"),
        [CONVERSATION] = NAME("conversation"), [TURN] = NAME("turn"), [SEGMENTS] = NAME("segments"),
        [PREFIX_CHANGED] = NAME("prefix_changed"), [CLIENT] = NAME("client"), [KEY] = NAME("key"), [ATTEMPTS] = NAME("attempts"),
        [STREAM] = NAME("stream"), [TTFT_MS] = NAME("ttft_ms"), [TOTAL_MS] = NAME("total_ms"),
        [TOKENS] = NAME("tokens"), [COST_USD] = NAME("cost_usd"), [BASELINE_USD] = NAME("baseline_usd"),
        [UNCACHED_USD] = NAME("uncached_usd"), [END] = NAME("end"), [CACHE] = NAME("cache"),
    };
#undef NAME
    unsigned member = 0;
    while (member < MEMBERS && !(NAMES[member].len == key.len && memcmp(NAMES[member].ptr, key.ptr, key.len) == 0))
        member++;
    return (enum member)member;
}

/* What follows from several members. */
static void conclude(struct usage_request *r)
{
    bool refused = slice_is(r->end, "refused"), failed = slice_is(r->end, "failed");
    r->failed = refused || failed || slice_is(r->end, "cut");
    r->cancelled = slice_is(r->end, "cancelled");
    r->used = (!refused && !failed) || r->deployment.len;
    if (r->figures[FIGURE_BASELINE] >= 0 && r->figures[FIGURE_COST] >= 0)
        r->figures[FIGURE_SAVED] = r->figures[FIGURE_BASELINE] - r->figures[FIGURE_COST];
    r->figures[FIGURE_PROMPT_CACHE_SAVED] -= r->figures[FIGURE_COST]; /* NAN if one is unknown */
    if (!r->model.len)
        r->model = r->deployment;
}

enum line_kind usage_line_read(struct line_reader *reader, struct slice line, struct usage_request *r)
{
    struct json *j = &reader->line;
    unsigned seen = 0;
    *r = (struct usage_request){
        .raw = line, .ttft_ms = NAN, .total_ms = NAN, .reply_cache = REPLY_CACHES, .cache_age_s = NAN};
    for (unsigned i = 0; i < FIGURES; i++)
        r->figures[i] = NAN;
    if (!reader->names.max)
        buf_init(&reader->names, NAMES_MAX);
    buf_clear(&reader->names);
    if (!buf_reserve(&reader->names, NAMES_MAX - 1)) /* names stay where they are */
        return LINE_NO_MEMORY;
    if (!json_parse_top(j, line.ptr, line.len))
        return j->no_memory ? LINE_NO_MEMORY : LINE_TORN;
    if (json_type(j, 0) != JSON_OBJECT)
        return LINE_FOREIGN;
    for (uint32_t key = json_first(j, 0); key != JSON_NONE; key = json_next(j, key)) {
        enum member member = member_of(json_inner(j, key));
        if (member == MEMBERS || (seen & 1u << member))
            continue;
        seen |= 1u << member;
        if (!take(reader, member, json_value(key), r))
            return LINE_FOREIGN;
    }
    if (!(seen & 1u << TIMESTAMP) || !(seen & 1u << ATTEMPTS) || !r->end.len)
        return LINE_FOREIGN;
    conclude(r);
    return LINE_REQUEST;
}

void usage_line_free(struct line_reader *reader)
{
    json_free(&reader->line);
    json_free(&reader->part);
    buf_free(&reader->names);
}
