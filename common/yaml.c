/* Reads a YAML file into a tree with line numbers. libyaml parses; this file builds the tree, expands aliases and
 * enforces the limits. */
#include "common/yaml.h"

#include "common/file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#define FILE_MAX (4u << 20)  /* bytes */
#define DEPTH_MAX 32         /* levels */
#define NODES_MAX 10000u     /* including expanded aliases */
#define TEXT_MAX (16u << 20) /* bytes of all keys and scalars, because aliases multiply them */
#define ANCHORS_MAX 256u

/* The node is borrowed: it stays in the tree. Merge keys are resolved after all aliases are expanded. */
struct anchor {
    char *name;
    const struct yaml_node *node;
};

struct builder {
    yaml_parser_t parser;
    yaml_event_t event; /* the current one */
    const char *name;
    struct buf *error;
    unsigned nodes;
    size_t text;
    struct anchor anchors[ANCHORS_MAX];
    unsigned anchor_count;
};

static PRINTF_LIKE(3, 4) void *fail(struct builder *b, unsigned line, const char *format, ...)
{
    va_list args;
    char what[256];
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    if (b->error->len == 0) /* the first error counts */
        buf_add_format(b->error, "%s:%u: %s", b->name, line, what);
    return NULL;
}

static unsigned event_line(const struct builder *b)
{
    return (unsigned)b->event.start_mark.line + 1;
}

static bool advance(struct builder *b)
{
    yaml_event_delete(&b->event);
    if (yaml_parser_parse(&b->parser, &b->event))
        return true;
    memset(&b->event, 0, sizeof b->event);
    const char *problem = b->parser.problem ? b->parser.problem : "invalid YAML";
    if (b->parser.error == YAML_MEMORY_ERROR)
        problem = "out of memory";
    fail(b, (unsigned)b->parser.problem_mark.line + 1, "%s", problem);
    return false;
}

/* Copies `len` bytes, with a NUL, and counts them. */
static char *copy_text(struct builder *b, unsigned line, const char *bytes, size_t len)
{
    if (memchr(bytes, '\0', len))
        return fail(b, line, "NUL character");
    if (len > TEXT_MAX - b->text)
        return fail(b, line, "the file is too large after expanding aliases");
    b->text += len;
    char *copy = malloc(len + 1);
    if (!copy)
        return fail(b, line, "out of memory");
    memcpy(copy, bytes, len);
    copy[len] = '\0';
    return copy;
}

static struct yaml_node *new_node(struct builder *b, enum yaml_kind kind, unsigned line)
{
    if (++b->nodes > NODES_MAX)
        return fail(b, line, "more than %u values, expanded aliases included", NODES_MAX);
    struct yaml_node *n = calloc(1, sizeof *n);
    if (!n)
        return fail(b, line, "out of memory");
    n->kind = kind;
    n->line = line;
    return n;
}

/* Deep copy for an alias, with the line numbers of the original. */
static struct yaml_node *copy_node(struct builder *b, const struct yaml_node *from)
{
    struct yaml_node *n = new_node(b, from->kind, from->line);
    if (!n)
        return NULL;
    n->quoted = from->quoted;
    n->key_line = from->key_line;
    if (from->key && !(n->key = copy_text(b, from->key_line, from->key, strlen(from->key))))
        goto failed;
    if (from->scalar && !(n->scalar = copy_text(b, from->line, from->scalar, strlen(from->scalar))))
        goto failed;
    struct yaml_node **tail = &n->children;
    for (const struct yaml_node *child = from->children; child; child = child->next) {
        if (!(*tail = copy_node(b, child)))
            goto failed;
        tail = &(*tail)->next;
    }
    return n;
failed:
    yaml_tree_free(n);
    return NULL;
}

static struct yaml_node *expand_alias(struct builder *b)
{
    const char *name = (const char *)b->event.data.alias.anchor;
    for (unsigned i = b->anchor_count; i-- > 0;) {
        if (strcmp(b->anchors[i].name, name) != 0)
            continue;
        struct yaml_node *n = copy_node(b, b->anchors[i].node);
        if (n) {
            free(n->key); /* the key of the anchor's place */
            n->key = NULL;
        }
        return n;
    }
    return fail(b, event_line(b), "no anchor \"&%s\" before this alias", name);
}

static bool keep_anchor(struct builder *b, char *name, const struct yaml_node *node)
{
    if (b->anchor_count == ANCHORS_MAX) {
        fail(b, node->line, "more than %u anchors", ANCHORS_MAX);
        free(name);
        return false;
    }
    b->anchors[b->anchor_count++] = (struct anchor){name, node};
    return true;
}

static struct yaml_node *build_node(struct builder *b, unsigned depth);

static struct yaml_node *build_scalar(struct builder *b)
{
    unsigned line = event_line(b);
    struct yaml_node *n = new_node(b, YAML_SCALAR, line);
    if (!n)
        return NULL;
    n->quoted = b->event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE || !b->event.data.scalar.plain_implicit;
    n->scalar = copy_text(b, line, (const char *)b->event.data.scalar.value, b->event.data.scalar.length);
    if (n->scalar)
        return n;
    yaml_tree_free(n);
    return NULL;
}

/* Reads the current mapping key and advances to its value. */
static char *build_key(struct builder *b, const struct yaml_node *mapping)
{
    unsigned line = event_line(b);
    if (b->event.type != YAML_SCALAR_EVENT)
        return fail(b, line, "a key must be plain text");
    char *key = copy_text(b, line, (const char *)b->event.data.scalar.value, b->event.data.scalar.length);
    if (!key)
        return NULL;
    const struct yaml_node *twin = yaml_get(mapping, key);
    if (twin)
        fail(b, line, "duplicate key \"%.64s\", first on line %u", key, twin->key_line);
    if (!twin && advance(b))
        return key;
    free(key);
    return NULL;
}

/* Reads the children of a mapping or sequence, up to its end event. */
static bool build_children(struct builder *b, struct yaml_node *parent, unsigned depth)
{
    yaml_event_type_t end = parent->kind == YAML_MAPPING ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;
    struct yaml_node **tail = &parent->children;
    while (advance(b)) {
        if (b->event.type == end)
            return true;
        unsigned key_line = event_line(b);
        char *key = NULL;
        if (parent->kind == YAML_MAPPING && !(key = build_key(b, parent)))
            return false;
        struct yaml_node *child = build_node(b, depth + 1);
        if (!child) {
            free(key);
            return false;
        }
        child->key = key;
        child->key_line = key ? key_line : 0;
        *tail = child;
        tail = &child->next;
    }
    return false;
}

/* A tag is accepted only if it names the node's own type. */
static bool tag_is_core(const yaml_char_t *tag)
{
    return !tag || strncmp((const char *)tag, "tag:yaml.org,2002:", 18) == 0 || strcmp((const char *)tag, "!") == 0;
}

/* The anchor and tag of the current event. */
static void event_properties(const yaml_event_t *e, const yaml_char_t **anchor, const yaml_char_t **tag)
{
    *anchor = *tag = NULL;
    if (e->type == YAML_SCALAR_EVENT) {
        *anchor = e->data.scalar.anchor;
        *tag = e->data.scalar.tag;
    } else if (e->type == YAML_SEQUENCE_START_EVENT) {
        *anchor = e->data.sequence_start.anchor;
        *tag = e->data.sequence_start.tag;
    } else if (e->type == YAML_MAPPING_START_EVENT) {
        *anchor = e->data.mapping_start.anchor;
        *tag = e->data.mapping_start.tag;
    }
}

/* Builds the node that starts with the current event. */
static struct yaml_node *build_node(struct builder *b, unsigned depth)
{
    unsigned line = event_line(b);
    if (depth > DEPTH_MAX)
        return fail(b, line, "nested more than %d levels deep", DEPTH_MAX);
    if (b->event.type == YAML_ALIAS_EVENT)
        return expand_alias(b);

    const yaml_char_t *anchor, *tag;
    event_properties(&b->event, &anchor, &tag);
    if (!tag_is_core(tag))
        return fail(b, line, "unknown tag \"%.64s\"", (const char *)tag);
    char *anchor_name = NULL;
    if (anchor && !(anchor_name = copy_text(b, line, (const char *)anchor, strlen((const char *)anchor))))
        return NULL;

    struct yaml_node *n;
    if (b->event.type == YAML_SCALAR_EVENT)
        n = build_scalar(b);
    else
        n = new_node(b, b->event.type == YAML_MAPPING_START_EVENT ? YAML_MAPPING : YAML_SEQUENCE, line);
    if (n && n->kind != YAML_SCALAR && !build_children(b, n, depth)) {
        yaml_tree_free(n);
        n = NULL;
    }
    if (!n)
        free(anchor_name);
    else if (anchor_name && !keep_anchor(b, anchor_name, n)) {
        yaml_tree_free(n);
        n = NULL;
    }
    return n;
}

/* Moves the entries of `from` that `into` lacks to the end of `into`. */
static void merge_mapping(struct yaml_node *into, struct yaml_node *from)
{
    struct yaml_node *child = from->children;
    struct yaml_node **kept = &from->children;
    struct yaml_node **tail = &into->children;
    while (*tail)
        tail = &(*tail)->next;
    while (child) {
        struct yaml_node *next = child->next;
        child->next = NULL;
        struct yaml_node ***place = yaml_get(into, child->key) ? &kept : &tail;
        **place = child;
        *place = &child->next;
        child = next;
    }
    *kept = NULL;
}

/* Resolves "<<: *other" and "<<: [*one, *other]" (YAML's merge key, as PyYAML does) in the whole tree. */
static bool merge_all(struct builder *b, struct yaml_node *n)
{
    for (struct yaml_node *child = n->children; child; child = child->next)
        if (!merge_all(b, child))
            return false;
    if (n->kind != YAML_MAPPING)
        return true;
    struct yaml_node **link = &n->children;
    while (*link && strcmp((*link)->key, "<<") != 0)
        link = &(*link)->next;
    struct yaml_node *merge = *link;
    if (!merge)
        return true;
    bool list = merge->kind == YAML_SEQUENCE;
    for (const struct yaml_node *m = list ? merge->children : merge; m; m = list ? m->next : NULL) {
        if (m->kind == YAML_MAPPING)
            continue;
        fail(b, m->line, "\"<<\" needs a mapping or a list of mappings");
        return false;
    }
    *link = merge->next;
    merge->next = NULL;
    for (struct yaml_node *m = list ? merge->children : merge; m; m = list ? m->next : NULL)
        merge_mapping(n, m);
    yaml_tree_free(merge);
    return true;
}

/* The only document of the stream. */
static struct yaml_node *build_document(struct builder *b)
{
    if (!advance(b) || !advance(b)) /* stream start; document start or stream end */
        return NULL;
    if (b->event.type == YAML_STREAM_END_EVENT)
        return fail(b, 1, "the file is empty");
    if (!advance(b))
        return NULL;
    struct yaml_node *root = build_node(b, 1);
    if (!root)
        return NULL;
    bool whole = advance(b) && advance(b); /* document end; stream end, or another document */
    if (whole && b->event.type != YAML_STREAM_END_EVENT) {
        fail(b, event_line(b), "a second document; only one is allowed");
        whole = false;
    }
    if (whole && merge_all(b, root))
        return root;
    yaml_tree_free(root);
    return NULL;
}

struct yaml_node *yaml_parse(const char *name, struct slice text, struct buf *error)
{
    struct builder *b = calloc(1, sizeof *b);
    if (!b || !yaml_parser_initialize(&b->parser)) {
        buf_add_format(error, "%s:1: out of memory", name);
        free(b);
        return NULL;
    }
    b->name = name;
    b->error = error;
    struct yaml_node *root = NULL;
    if (text.len > FILE_MAX) {
        fail(b, 1, "the file is larger than %u MB", FILE_MAX >> 20);
    } else {
        yaml_parser_set_input_string(&b->parser, (const unsigned char *)(text.ptr ? text.ptr : ""), text.len);
        root = build_document(b);
    }
    yaml_event_delete(&b->event);
    yaml_parser_delete(&b->parser);
    for (unsigned i = 0; i < b->anchor_count; i++)
        free(b->anchors[i].name);
    free(b);
    return root;
}

struct yaml_node *yaml_load(const char *path, struct buf *error)
{
    struct buf text;
    buf_init(&text, FILE_MAX + 1);
    struct yaml_node *root = NULL;
    if (file_read(AT_FDCWD, path, 0, FILE_MAX, &text))
        root = yaml_parse(path, buf_slice(&text), error);
    else if (errno == EFBIG)
        buf_add_format(error, "%s:1: the file is larger than %u MB", path, FILE_MAX >> 20);
    else
        buf_add_format(error, "%s:1: can't be read: %s", path, file_reason(errno));
    buf_wipe(&text); /* a configuration may contain a key */
    return root;
}

void yaml_tree_free(struct yaml_node *n)
{
    while (n) {
        struct yaml_node *next = n->next;
        yaml_tree_free(n->children);
        if (n->scalar)
            explicit_bzero(n->scalar, strlen(n->scalar));
        free(n->scalar);
        free(n->key);
        free(n);
        n = next;
    }
}

const struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key)
{
    if (!mapping || mapping->kind != YAML_MAPPING)
        return NULL;
    for (const struct yaml_node *child = mapping->children; child; child = child->next)
        if (strcmp(child->key, key) == 0)
            return child;
    return NULL;
}
