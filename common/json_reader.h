/* json_reader: the state of a parse, for json.c and json_elements.c. Private to them. */
#ifndef POINTSMAN_JSON_READER_H
#define POINTSMAN_JSON_READER_H

#include "common/json.h"

#define JSON_ELEMENT_DEPTH 3 /* containers that are open in an element: the root, an array and the element */

/* The state of a parse. Open containers are in `open`, so that depth needs no recursion. */
struct json_reader {
    struct json *j;
    const unsigned char *text, *at, *end;
    bool top_only, elements;
    size_t mark_len;                  /* length of json.mark; 0: none */
    const unsigned char *type, *role; /* values of these members of the open element; NULL: none so far */
    const struct json *known;         /* an earlier parse of the same text; NULL: none */
    uint32_t next_known;              /* its first node that may be ahead */
    unsigned depth;
    struct {
        uint32_t node; /* of the container; JSON_NONE: not recorded */
        uint32_t last; /* its last recorded child */
        bool object;
    } open[JSON_MAX_DEPTH];
};

/* Notes the place of a member that json.classify gets, whose key starts at `key`. Called at its value, in an element.
 */
void json_note_member(struct json_reader *r, const unsigned char *key);
/* Calls json.classify for the element that ends here. */
void json_classify_element(struct json_reader *r, struct json_node *element);
/* Skips a string that `known` has a node for. false: it has none. */
bool json_skip_known(struct json_reader *r, bool *escaped);

#endif
