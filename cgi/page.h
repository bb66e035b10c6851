/* page: www/page.html with its {{slots}} filled in. */
#ifndef POINTSMAN_CGI_PAGE_H
#define POINTSMAN_CGI_PAGE_H

#include "cgi/refusal.h"

#define PAGE_MAX (512 * 1024) /* bytes of a written page */

struct session;
struct template;

/* Reads FOLDER/page.html. false: one line in `error`; also for an unknown slot. */
MUST_CHECK bool page_load(struct template *page, const char *folder, struct buf *error);
/* Appends the page in the session's current state. `why`: why the last request was refused, or NULL. `note`: its result
 * otherwise; "" if the page shows it anyway. */
void page_write(const struct template *page, const struct session *session, const struct refusal *why, const char *note,
                struct buf *out);
#endif
