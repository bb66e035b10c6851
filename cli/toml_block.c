/* Adds and removes pointsman's settings in a user's TOML file. */
#include "cli/toml_block.h"

#include "cli/toml_scan.h"

#include <string.h>

#define MARK_BEGIN "# pointsman: its own settings from here on; \"pointsman disable\" takes them out"
/* Same, if the preceding text had no final newline and one was added. */
#define MARK_BEGIN_JOINED MARK_BEGIN ", and the newline before them"
#define MARK_END "# pointsman: end"
#define MARK_KEPT "# pointsman kept: "

static bool fail_scan(const struct toml_scan *scan, const char *name, struct buf *why)
{
    buf_add_format(why, "%s:%u: %s", name, scan->line, scan->fault ? scan->fault : "out of memory");
    return false;
}

/* The line without its line ending. */
static struct slice line_of(struct slice text)
{
    if (text.len && text.ptr[text.len - 1] == '\n')
        text.len--;
    if (text.len && text.ptr[text.len - 1] == '\r')
        text.len--;
    return text;
}

static bool is_kept(const struct toml_item *item)
{
    return item->kind == TOML_OTHER && slice_starts(item->text, MARK_KEPT);
}

static bool is_joined(const struct toml_item *item)
{
    return item->kind == TOML_OTHER && slice_is(line_of(item->text), MARK_BEGIN_JOINED);
}

static bool is_mark(const struct toml_item *item)
{
    struct slice line = line_of(item->text);
    return item->kind == TOML_OTHER && (slice_is(line, MARK_BEGIN) || slice_is(line, MARK_END) || is_joined(item));
}

bool toml_block_marked(struct slice text)
{
    struct toml_scan scan;
    struct toml_item item;
    toml_scan_start(&scan, text);
    while (toml_next(&scan, &item))
        if (is_mark(&item) || is_kept(&item))
            return true;
    return false;
}

/* Whether the key in `table` (empty: outside of tables) is in one of our tables. */
static bool is_owned(const struct toml_block *block, struct slice table, struct slice key)
{
    for (const char *const(*owned)[2] = block->owned; (*owned)[0]; owned++) {
        struct slice rest = table.len ? table : key, more = table.len ? key : SLICE("");
        bool same = toml_part_is(&rest, (*owned)[0]);
        if (!rest.len)
            rest = more;
        if (same && rest.len && toml_part_is(&rest, (*owned)[1]))
            return true;
    }
    return false;
}

static bool is_single(struct slice key, const char *name)
{
    return toml_part_is(&key, name) && !key.len;
}

static const struct toml_setting *setting_of(const struct toml_block *block, struct slice key)
{
    const struct toml_setting *setting = block->settings;
    while (setting->key && !is_single(key, setting->key))
        setting++;
    return setting->key ? setting : NULL;
}

/* The name of the key if it is to be set aside; else NULL. */
static const char *aside_of(const struct toml_block *block, struct slice key)
{
    const struct toml_setting *setting = setting_of(block, key);
    const char *const *name = block->aside;
    if (setting)
        return setting->key;
    while (*name && !is_single(key, *name))
        name++;
    return *name;
}

/* Adds each line of the text with the prefix; `end` replaces its newline unless NULL. */
static void add_lines(struct buf *out, const char *prefix, struct slice text, const char *end)
{
    while (text.len) {
        const char *newline = memchr(text.ptr, '\n', text.len);
        size_t len = newline ? (size_t)(newline - text.ptr) + 1 : text.len;
        buf_add_text(out, prefix);
        buf_add(out, text.ptr, end && newline ? len - 1 : len);
        if (end)
            buf_add_text(out, end);
        text.ptr += len;
        text.len -= len;
    }
}

static void add_settings(const struct toml_block *block, const char *end, struct buf *out)
{
    if (!block->settings->key)
        return;
    buf_add_format(out, "%s%s", MARK_BEGIN, end);
    for (const struct toml_setting *s = block->settings; s->key; s++)
        buf_add_format(out, "%s = %s%s", s->key, s->value, end);
    buf_add_format(out, "%s%s", MARK_END, end);
}

static void add_tables(const struct toml_block *block, const char *end, bool joined, struct buf *out)
{
    if (!*block->tables)
        return;
    buf_add_format(out, "%s%s%s", joined ? end : "", joined ? MARK_BEGIN_JOINED : MARK_BEGIN, end);
    add_lines(out, "", slice_of(block->tables), end);
    buf_add_format(out, "%s%s", MARK_END, end);
}

/* Why the item conflicts with our settings; NULL: it does not. */
static const char *conflict_of(const struct toml_block *block, struct slice table, const struct toml_item *item)
{
    if (is_mark(item) || is_kept(item))
        return "already has a mark of pointsman";
    if (item->kind == TOML_OTHER)
        return NULL;
    if (is_owned(block, table, item->kind == TOML_KEY ? item->key : SLICE("")))
        return "conflicts with pointsman's settings: rename or remove it";
    for (const char *const(*owned)[2] = block->owned; (*owned)[0]; owned++)
        if (item->kind == TOML_KEY && !table.len && is_single(item->key, (*owned)[0]))
            return "is an inline value, which can't be extended: write it as tables";
    return NULL;
}

bool toml_block_insert(struct slice text, const struct toml_block *block, const char *name, struct buf *out,
                       struct buf *why)
{
    struct toml_scan scan;
    struct toml_item item;
    struct slice table = SLICE("");
    const char *newline = text.len ? memchr(text.ptr, '\n', text.len) : NULL;
    const char *end = newline && newline > text.ptr && newline[-1] == '\r' ? "\r\n" : "\n";
    toml_scan_start(&scan, text);
    buf_add(out, text.ptr, toml_bom(text));
    add_settings(block, end, out);
    while (toml_next(&scan, &item)) {
        if (item.kind == TOML_TABLE)
            table = item.key;
        const char *conflict = conflict_of(block, table, &item);
        if (conflict) {
            buf_add_format(why, "%s:%u: \"%.*s\" %s", name, item.line, SLICE_ARGS(line_of(item.text)), conflict);
            return false;
        }
        bool aside = item.kind == TOML_KEY && !table.len && block->settings->key && aside_of(block, item.key);
        add_lines(out, aside ? MARK_KEPT : "", item.text, NULL);
    }
    bool joined = text.len > toml_bom(text) && text.ptr[text.len - 1] != '\n';
    add_tables(block, end, joined, out);
    return (!scan.fault && !out->failed) || fail_scan(&scan, name, why);
}

/* State of a scan that removes our settings. */
struct found {
    bool inside;      /* the scan is between our marks */
    bool anchored;    /* the first setting has our value, so all settings are ours */
    size_t joined_at; /* offset in the output after the newline that was added */
    size_t joined_by; /* length of that newline; 0: none was added */
};

static struct found find(struct slice text, const struct toml_block *block)
{
    struct found found = {0};
    struct toml_scan scan;
    struct toml_item item;
    toml_scan_start(&scan, text);
    while (block->settings->key && toml_next(&scan, &item) && item.kind != TOML_TABLE)
        if (item.kind == TOML_KEY && is_single(item.key, block->settings->key))
            found.anchored = slice_is(item.value, block->settings->value);
    return found;
}

/* Updates `inside` at a mark. */
static void pass_mark(struct found *found, const struct toml_item *item)
{
    if (is_mark(item))
        found->inside = !slice_is(line_of(item->text), MARK_END);
}

static bool is_ours(const struct toml_block *block, const struct found *found, const struct toml_item *item)
{
    const struct toml_setting *setting = setting_of(block, item->key);
    bool counts = setting && found->anchored && (found->inside || !setting->newer);
    return counts || (setting && setting->value && slice_is(item->value, setting->value));
}

/* Whether the text has the key with a value of the user. */
static bool taken_over(struct slice text, const struct toml_block *block, struct found found, struct slice key)
{
    struct toml_scan scan;
    struct toml_item item;
    const char *name = aside_of(block, key);
    toml_scan_start(&scan, text);
    for (found.inside = false; name && toml_next(&scan, &item) && item.kind != TOML_TABLE; pass_mark(&found, &item))
        if (item.kind == TOML_KEY && is_single(item.key, name) && !is_ours(block, &found, &item))
            return true;
    return false;
}

/* Adds consecutive lines that were set aside, without their marks, except for keys that the user has set again. */
static bool add_kept(struct slice text, const struct toml_block *block, const struct found *found, struct slice lines,
                     struct buf *out)
{
    struct toml_scan scan;
    struct toml_item item;
    struct buf plain;
    buf_init(&plain, lines.len + 1);
    while (lines.len) {
        const char *newline = memchr(lines.ptr, '\n', lines.len);
        size_t len = newline ? (size_t)(newline - lines.ptr) + 1 : lines.len, mark = sizeof MARK_KEPT - 1;
        buf_add(&plain, lines.ptr + mark, len - mark);
        lines.ptr += len;
        lines.len -= len;
    }
    scan = (struct toml_scan){.rest = buf_slice(&plain)};
    while (toml_next(&scan, &item))
        if (item.kind != TOML_KEY || !taken_over(text, block, *found, item.key))
            buf_add_slice(out, item.text);
    buf_add_slice(out, scan.rest); /* not valid TOML any more: unchanged */
    bool ok = !plain.failed;
    buf_free(&plain);
    return ok;
}

/* Adds the item to the output unless it is ours. */
static bool keep_item(const struct toml_block *block, struct found *found, const struct toml_item *item,
                      struct slice table, struct buf *out)
{
    if (is_joined(item)) {
        found->joined_at = out->len;
        found->joined_by = item->text.len - line_of(item->text).len; /* the added newline has the same form */
    }
    if (is_mark(item) ||
        (item->kind != TOML_OTHER && is_owned(block, table, item->kind == TOML_KEY ? item->key : SLICE(""))))
        return true;
    if (item->kind == TOML_KEY && !table.len && is_ours(block, found, item))
        return true;
    return buf_add_slice(out, item->text);
}

bool toml_block_remove(struct slice text, const struct toml_block *block, const char *name, struct buf *out,
                       struct buf *why)
{
    struct found found = find(text, block);
    struct toml_scan scan;
    struct toml_item item;
    struct slice table = SLICE(""), run = SLICE("");
    bool ok = true, more = true;
    toml_scan_start(&scan, text);
    buf_add(out, text.ptr, toml_bom(text));
    while (ok && more) {
        more = toml_next(&scan, &item);
        if (more && is_kept(&item)) {
            run = (struct slice){run.len ? run.ptr : item.text.ptr, run.len + item.text.len};
            continue;
        }
        if (run.len)
            ok = add_kept(text, block, &found, run, out);
        run.len = 0;
        if (more && item.kind == TOML_TABLE)
            table = item.key;
        if (more)
            pass_mark(&found, &item);
        if (more)
            ok = keep_item(block, &found, &item, table, out) && ok;
    }
    /* Remove the newline that was added, unless other text follows it now. */
    if (found.joined_at == out->len && found.joined_by <= out->len)
        out->len -= found.joined_by;
    return (ok && !scan.fault && !out->failed) || fail_scan(&scan, name, why);
}
