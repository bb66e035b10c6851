/* yaml: a YAML file as a tree whose nodes know their line, for configuration with errors that name file and line. */
#ifndef POINTSMAN_YAML_H
#define POINTSMAN_YAML_H

#include "common/buf.h"

enum yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

struct yaml_node {
    enum yaml_kind kind;
    unsigned line; /* from 1 */
    char *key;     /* in a mapping: this entry's key; else NULL */
    unsigned key_line;
    char *scalar;               /* YAML_SCALAR: its text */
    bool quoted;                /* YAML_SCALAR: written with quotes, so a string whatever it looks like */
    struct yaml_node *children; /* first child */
    struct yaml_node *next;     /* next sibling */
};

/* Reads the file (at most 4 MB, 32 levels, 10,000 nodes after aliases were expanded; "<<" merges). NULL with
 * "file:line: what" in `error` on any fault, a key that stands twice in one mapping included. Free with
 * yaml_tree_free(). */
struct yaml_node *yaml_load(const char *path, struct buf *error);
/* The same from memory; `name` stands for the file in messages. */
struct yaml_node *yaml_parse(const char *name, struct slice text, struct buf *error);
/* Frees the tree, scalars overwritten. (A plain yaml_free() would take the place of one that libyaml exports.) */
void yaml_tree_free(struct yaml_node *root);
/* The mapping's entry with that key, or NULL (also when `mapping` is NULL or no mapping). */
const struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key);

#endif
