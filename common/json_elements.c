/* The JSON reader's part for elements: see json.h. */
#include "common/json_reader.h"

/* Returns a string from its first quote to the next one; empty: not a string. */
static struct slice word_at(const struct json_reader *r, const unsigned char *at)
{
    const char *quote = at && *at == '"' ? memchr(at + 1, '"', (size_t)(r->at - at) - 1) : NULL;
    return quote ? (struct slice){(const char *)at, (size_t)(quote + 1 - (const char *)at)} : (struct slice){NULL, 0};
}

void json_classify_element(struct json_reader *r, struct json_node *n)
{
    struct slice element = {(const char *)r->text + n->at, n->len};
    if (r->j->classify)
        n->class = r->j->classify(element, word_at(r, r->type), word_at(r, r->role));
}

void json_note_member(struct json_reader *r, const unsigned char *key)
{
    if (r->at - key <= 6) /* shorter than these, which are compared whole */
        return;
    if (memcmp(key, "\"type\"", 6) == 0)
        r->type = r->at;
    else if (memcmp(key, "\"role\"", 6) == 0)
        r->role = r->at;
}

bool json_skip_known(struct json_reader *r, bool *escaped)
{
    const struct json *known = r->known;
    uint32_t at = (uint32_t)(r->at - r->text);
    while (r->next_known < known->count && known->nodes[r->next_known].at < at)
        r->next_known++;
    if (r->next_known == known->count || known->nodes[r->next_known].at != at)
        return false;
    *escaped = known->nodes[r->next_known].escaped;
    r->at += known->nodes[r->next_known].len;
    return true;
}
