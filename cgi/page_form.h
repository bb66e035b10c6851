/* page_form: the start form's fields for the variables that the configuration in force names. */
#ifndef POINTSMAN_CGI_PAGE_FORM_H
#define POINTSMAN_CGI_PAGE_FORM_H

#include "cgi/refusal.h"
#include "proxy/config/variables.h"

struct page_form {
    struct config_variables variables; /* if it can't be loaded, those that were found before the error */
    struct buf error;                  /* why it can't be loaded: one line per error; empty: it was */
    struct buf warnings;               /* of the configuration, one line each */
};

/* Loads the configuration as a start without any variable would. Free with page_form_free(). */
void page_form_open(struct page_form *form, const char *config);
void page_form_free(struct page_form *form);

/* Append fields as HTML. `why`: why the last start was refused, which marks its field; NULL: it was not. A variable
 * that no deployment needs has no field, and neither have those with an input of their own in page.html
 * (keys_is_option()).
 *
 * Those of keys and other settings that a deployment needs: the providers' in the order of their table, then others. */
void page_form_write_needed(const struct page_form *form, const struct refusal *why, struct buf *out);
/* A box for each variable that switches deployments on. */
void page_form_write_switches(const struct page_form *form, const struct refusal *why, struct buf *out);
/* All others, folded. Nothing if there are none. */
void page_form_write_others(const struct page_form *form, const struct refusal *why, struct buf *out);
/* The attributes of the input of this name: of an invalid one if it was refused. */
void page_form_write_error(const struct refusal *why, const char *name, struct buf *out);
/* Returns whether the configuration names the variable. */
bool page_form_has(const struct page_form *form, const char *name);
/* Appends the model of the first deployment that uses the variable, without its provider; nothing if none does. */
void page_form_write_model(const struct page_form *form, const char *name, struct buf *out);

#endif
