/* template: an HTML file with {{slots}}, each filled in by a function. */
#ifndef POINTSMAN_CGI_TEMPLATE_H
#define POINTSMAN_CGI_TEMPLATE_H

#include "common/buf.h"

/* What the slots are filled in from; each program has its own. */
struct view;

struct template_slot {
    const char *name;
    void (*write)(const struct view *view, struct buf *out);
};

struct template
{
    char *text; /* owned */
    size_t len;
    const struct template_slot *slots; /* borrowed */
    size_t slot_count;
};

/* Reads FOLDER/NAME. false: one line in `error`; also for a slot that is not in the table. */
MUST_CHECK bool template_load(struct template *t, const char *folder, const char *name,
                              const struct template_slot *slots, size_t slot_count, struct buf *error);
/* Appends the file with its slots filled in. */
void template_write(const struct template *t, const struct view *view, struct buf *out);
/* Appends text with & < > " ' as character references: safe within an element and within a quoted attribute. */
bool template_escape(struct buf *out, struct slice text);

#endif
