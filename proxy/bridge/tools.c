/* pure: the tools of a turn and their names: adds namespaces to the names for the upstream, and maps the names back. */
#include "proxy/bridge/tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* FNV-1a of 32 bits: it is part of names in the prompts of conversations, whose cached prefix another hash would lose.
 */
static uint32_t hash_more(uint32_t hash, struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        hash = (hash ^ (unsigned char)s.ptr[i]) * 16777619u;
    return hash;
}

static uint32_t hash_of(struct slice s)
{
    return hash_more(2166136261u, s);
}

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/* Appends `s`, truncated, with '_' for invalid characters. Returns whether it is unchanged. */
static bool append_name(char flat[TOOL_NAME_MAX + 1], size_t *len, struct slice s)
{
    bool whole = true;
    for (size_t i = 0; i < s.len; i++) {
        if (*len == TOOL_NAME_MAX)
            return false;
        whole = is_name_char(s.ptr[i]) && whole;
        flat[(*len)++] = is_name_char(s.ptr[i]) ? s.ptr[i] : '_';
    }
    return whole;
}

/* Makes "namespace__name", with a hash appended if that is too long, has invalid characters, or is another tool's
 * (`clash`). Codex's namespace "functions" means none. */
static void make_flat(const struct tool_name *name, bool clash, char flat[TOOL_NAME_MAX + 1])
{
    size_t len = 0;
    bool whole = !clash && name->name.len;
    if (name->namespace.len && !slice_is(name->namespace, "functions")) {
        whole = append_name(flat, &len, name->namespace) && whole;
        whole = append_name(flat, &len, SLICE("__")) && whole;
    }
    whole = append_name(flat, &len, name->name) && whole;
    flat[len] = '\0';
    if (whole)
        return;
    if (len > TOOL_NAME_MAX - 9)
        len = TOOL_NAME_MAX - 9;
    uint32_t hash = hash_more(hash_more(hash_of(name->namespace), SLICE("/")), name->name);
    (void)snprintf(flat + len, TOOL_NAME_MAX + 1 - len, "_%08x", hash);
}

static bool same_name(const struct tool_name *a, const struct tool_name *b)
{
    return slice_equal(a->name, b->name) && slice_equal(a->namespace, b->namespace);
}

static const struct tool *find_flat(const struct turn *t, struct slice flat)
{
    uint32_t hash = hash_of(flat);
    for (uint32_t i = 0; i < t->tool_count; i++)
        if (t->tools[i].flat_hash == hash && slice_is(flat, t->tools[i].flat))
            return &t->tools[i];
    return NULL;
}

static const struct tool *find_named(const struct turn *t, const struct tool_name *name)
{
    char flat[TOOL_NAME_MAX + 1];
    for (int clash = 0; clash < 2; clash++) {
        make_flat(name, clash, flat);
        const struct tool *tool = find_flat(t, slice_of(flat));
        if (tool && same_name(&tool->name, name))
            return tool;
    }
    return NULL;
}

void tools_flat_name(const struct turn *t, const struct tool_name *name, char flat[TOOL_NAME_MAX + 1])
{
    const struct tool *tool = find_named(t, name);
    if (tool)
        memcpy(flat, tool->flat, sizeof tool->flat);
    else
        make_flat(name, false, flat);
}

static void add_tool(struct turn *t, struct tool_name name, uint32_t node)
{
    if (!name.name.len) {
        t->dropped++;
        return;
    }
    if (find_named(t, &name))
        return;
    if (t->tool_count == TURN_TOOLS_MAX) {
        turn_refuse_translation(t, "tools", "more than 1024 tools: the proxy can't translate more");
        return;
    }
    if (t->tool_count == t->tool_cap) {
        uint32_t cap = t->tool_cap ? t->tool_cap * 2 : 32;
        struct tool *tools = realloc(t->tools, cap * sizeof *tools);
        if (!tools) {
            t->no_memory = true;
            return;
        }
        t->tools = tools;
        t->tool_cap = cap;
    }
    struct tool *tool = &t->tools[t->tool_count];
    *tool = (struct tool){.name = name, .node = node};
    make_flat(&name, false, tool->flat);
    if (find_flat(t, slice_of(tool->flat)))
        make_flat(&name, true, tool->flat);
    tool->flat_hash = hash_of(slice_of(tool->flat));
    t->tool_count++;
    t->prompt_bytes += json_raw(t->doc, node).len;
}

/* Returns the object with a tool's fields: in Chat Completions its member "function" or "custom", in Responses the tool
 * itself. */
static uint32_t definition_of(const struct json *doc, uint32_t tool)
{
    uint32_t inner = object_field(doc, tool, "function");
    if (!inner)
        inner = object_field(doc, tool, "custom");
    return json_is(doc, inner, JSON_OBJECT) ? inner : tool;
}

static void add_any(struct turn *t, uint32_t node, struct slice namespace)
{
    static const struct {
        const char *type;
        enum tool_kind kind;
    } kinds[] = {
        {"function", TOOL_FUNCTION},
        {"custom", TOOL_CUSTOM},
        {"tool_search", TOOL_SEARCH},
    };
    uint32_t type = object_field(t->doc, node, "type");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (!json_string_is(t->doc, type, kinds[i].type))
            continue;
        struct slice name = object_text(t->doc, definition_of(t->doc, node), "name");
        if (!name.len && kinds[i].kind == TOOL_SEARCH)
            name = SLICE("tool_search");
        add_tool(t, (struct tool_name){kinds[i].kind, namespace, name}, node);
        return;
    }
    t->dropped++;
}

bool tools_add(struct turn *t, uint32_t array)
{
    if (!json_is(t->doc, array, JSON_ARRAY))
        return false;
    for (uint32_t n = json_first(t->doc, array); n; n = json_next(t->doc, n)) {
        uint32_t inner = object_field(t->doc, n, "tools");
        if (!json_string_is(t->doc, object_field(t->doc, n, "type"), "namespace") ||
            !json_is(t->doc, inner, JSON_ARRAY)) {
            add_any(t, n, (struct slice){NULL, 0});
            continue;
        }
        struct slice namespace = object_text(t->doc, n, "name");
        for (uint32_t k = json_first(t->doc, inner); k; k = json_next(t->doc, k))
            add_any(t, k, namespace);
    }
    return true;
}

bool tools_read(struct turn *t)
{
    uint32_t tools = turn_field(t, "tools");
    return !tools || tools_add(t, tools) || turn_refuse(t, "tools", "tools must be an array");
}

struct tool_name tools_named(const struct turn *t, uint32_t object, enum tool_kind kind)
{
    return (struct tool_name){kind, object_text(t->doc, object, "namespace"), object_text(t->doc, object, "name")};
}

bool turn_tool(const struct turn *t, struct slice flat_name, struct tool_name *tool)
{
    /* Some models write these before a name that has no prefix, because of their training. */
    static const char *const prefixes[] = {"", "functions.", "functions:", "default_api.", "default_api:"};
    *tool = (struct tool_name){TOOL_FUNCTION, {NULL, 0}, flat_name};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        size_t len = strlen(prefixes[i]);
        if (!slice_starts(flat_name, prefixes[i]) || flat_name.len == len)
            continue;
        tool->name = (struct slice){flat_name.ptr + len, flat_name.len - len};
        const struct tool *found = find_flat(t, tool->name);
        if (found) {
            *tool = found->name;
            return true;
        }
    }
    return false;
}
