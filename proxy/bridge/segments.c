/* pure: hashes the segments of a request's prompt, and compares them with earlier requests. */
#include "proxy/bridge/segments.h"

#include "common/fast_hash.h"
#include "proxy/bridge/dialect.h"
#include "proxy/bridge/item_head.h"

#include <string.h>

struct reading {
    const struct model_request *r;
    struct prompt_segments *out;
    uint64_t seed, hash[SEGMENTS];
    bool replied; /* the last item was the model's */
};

/* Hashes all bytes, also those of images: one that changed is another prompt. They count for nothing in `bytes`. */
static void add(struct reading *g, enum segment segment, uint32_t node)
{
    const struct json *top = &g->r->top;
    struct slice raw = json_raw(top, node);
    size_t bytes = raw.len - json_data_bytes(top, node);
    g->hash[segment] = fast_hash(raw, g->hash[segment] ^ g->seed);
    g->out->bytes[segment] += (uint32_t)bytes;
}

static void add_item(struct reading *g, uint32_t item)
{
    enum item_class class = g->r->top.nodes[item].class;
    bool has_instructions = g->out->bytes[SEGMENT_INSTRUCTIONS] > 0, replies = class == ITEM_IS_MODEL;
    const enum segment segments[] = {
        [ITEM_IS_TOOLS] = SEGMENT_TOOLS,
        [ITEM_IS_SYSTEM] = has_instructions ? SEGMENT_ENVIRONMENT : SEGMENT_INSTRUCTIONS,
        [ITEM_IS_ENVIRONMENT] = SEGMENT_ENVIRONMENT,
        [ITEM_IS_USER] = SEGMENT_HISTORY,
        [ITEM_IS_MODEL] = SEGMENT_HISTORY,
        [ITEM_IS_OUTPUT] = SEGMENT_TOOL_OUTPUT,
    };
    add(g, segments[class], item);
    g->out->turn += replies && !g->replied;
    g->replied = replies;
    g->out->prefix.items++;
}

static void take_hashes(const struct reading *g, struct prefix *out)
{
    for (unsigned i = 0; i < SEGMENTS; i++)
        out->hash[i] = (uint32_t)g->hash[i];
    out->items = g->out->prefix.items;
}

/* Returns the first segment in which the earlier request differs from this one's beginning. `at`: this one's hashes at
 * the earlier one's length. */
static enum segment changed_since(const struct prefix *line, const struct prefix *at)
{
    for (unsigned i = 0; i < SEGMENTS; i++)
        if (line->hash[i] != at->hash[i])
            return i < SEGMENT_ENVIRONMENT || at->items == line->items ? (enum segment)i : SEGMENT_HISTORY;
    return at->items == line->items ? SEGMENT_NONE : SEGMENT_HISTORY;
}

/* Returns whether the earlier request is of the same kind. Codex's request for a title, for example, has other
 * instructions and no tools. */
static bool is_related(const struct prefix *line, const struct prefix *at)
{
    return line->hash[SEGMENT_INSTRUCTIONS] == at->hash[SEGMENT_INSTRUCTIONS] ||
           line->hash[SEGMENT_TOOLS] == at->hash[SEGMENT_TOOLS];
}

static void choose_line(struct prompt_segments *out, const struct prefix *lines, const struct prefix *at,
                        unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        enum segment changed = changed_since(&lines[i], &at[i]);
        bool first = out->line == PREFIX_LINES;
        if (!is_related(&lines[i], &at[i]) ||
            (!first &&
             (changed < out->changed || (changed == out->changed && lines[i].items < lines[out->line].items))))
            continue;
        out->line = i;
        out->changed = changed;
    }
}

static void add_field(struct reading *g, enum segment segment, const char *key)
{
    uint32_t node = json_get(&g->r->top, 0, key);
    if (node && g->r->top.nodes[node].len > 2 && !json_is(&g->r->top, node, JSON_NULL))
        add(g, segment, node);
}

/* Stores the hashes for earlier requests that are as long as what was read so far, or, if `all` was read, longer. */
static void keep_at(const struct reading *g, const struct prefix *lines, unsigned count, bool all, struct prefix *at)
{
    uint32_t items = g->out->prefix.items;
    for (unsigned i = 0; i < count; i++)
        if (lines[i].items == items || (all && lines[i].items > items))
            take_hashes(g, &at[i]);
}

void segments_read(const struct model_request *r, uint64_t seed, const struct prefix *lines, unsigned count,
                   struct prompt_segments *out)
{
    struct reading g = {.r = r, .out = out, .seed = seed};
    struct prefix at[PREFIX_LINES];
    *out = (struct prompt_segments){.turn = !r->stored, .changed = SEGMENT_NONE, .line = PREFIX_LINES};
    if (r->top.elements_cut)
        return;
    add_field(&g, SEGMENT_TOOLS, "tools");
    add_field(&g, SEGMENT_INSTRUCTIONS, "instructions");
    if (json_is(&r->top, r->content, JSON_STRING)) {
        add(&g, SEGMENT_HISTORY, r->content);
        out->prefix.items = 1;
    }
    uint32_t item = json_is(&r->top, r->content, JSON_ARRAY) ? json_first(&r->top, r->content) : JSON_NONE;
    for (; item; item = json_next(&r->top, item)) {
        keep_at(&g, lines, count, false, at);
        add_item(&g, item);
    }
    keep_at(&g, lines, count, true, at);
    take_hashes(&g, &out->prefix);
    choose_line(out, lines, at, count);
    if (r->stored)
        out->turn = 0;
}
