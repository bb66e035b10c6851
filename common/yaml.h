/* yaml: a YAML file as a tree with line numbers, so that errors can name file and line. */
#ifndef POINTSMAN_YAML_H
#define POINTSMAN_YAML_H

#include "common/buf.h"

enum yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

struct yaml_node {
    enum yaml_kind kind;
    unsigned line; /* from 1 */
    char *key;     /* in a mapping: the entry's key; else NULL */
    unsigned key_line;
    char *scalar;               /* YAML_SCALAR: its text */
    bool quoted;                /* YAML_SCALAR: written in quotes, so always a string */
    struct yaml_node *children; /* first child */
    struct yaml_node *next;     /* next sibling */
};

/* Reads the file (at most 4 MB, 32 levels, 10,000 nodes including expanded aliases; "<<" merges). NULL: "file:line:
 * what" in `error`; a duplicate key is an error too. Free with yaml_tree_free(). */
struct yaml_node *yaml_load(const char *path, struct buf *error);
/* The same from memory; `name` is the file in messages. */
struct yaml_node *yaml_parse(const char *name, struct slice text, struct buf *error);
/* Frees the tree and overwrites its scalars. (Not yaml_free(): libyaml exports that name.) */
void yaml_tree_free(struct yaml_node *root);
/* Returns the mapping's entry with that key; NULL: none, or `mapping` is NULL or not a mapping. */
const struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key);

#endif
