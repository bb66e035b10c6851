/* fields: the names and values of a form or a JSON object. Pure.
 *
 * Both readers decode in place: each name and value points into the caller's body, so wiping the body wipes them all.
 */
#ifndef POINTSMAN_CGI_FIELDS_H
#define POINTSMAN_CGI_FIELDS_H

#include "cgi/refusal.h"

#define FIELDS_MAX 80 /* the variables of a configuration (CONFIG_VARIABLES_MAX), and the options of a start */

enum field_kind { FIELD_TEXT, FIELD_TRUE, FIELD_FALSE };

struct field {
    struct slice name;
    struct slice value; /* empty unless FIELD_TEXT */
    enum field_kind kind;
};

struct fields {
    struct field list[FIELDS_MAX];
    size_t count;
};

/* Reads application/x-www-form-urlencoded (WHATWG URL, section 5.1). Refuses an invalid percent escape, a NUL and more
 * than FIELDS_MAX fields with status 400. */
MUST_CHECK bool fields_from_form(char *body, size_t len, struct fields *out, struct refusal *why);
/* Reads one flat JSON object of strings, booleans and nulls (a null counts as absent); an empty body counts as {}.
 * Refuses a duplicate key, any other type and more than FIELDS_MAX members with status 400. */
MUST_CHECK bool fields_from_json(char *body, size_t len, struct fields *out, struct refusal *why);
/* Returns the first field of that name, or NULL. */
const struct field *fields_get(const struct fields *fields, const char *name);

#endif
