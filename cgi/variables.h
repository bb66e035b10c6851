/* variables: finds the environment variables that the proxy's configuration names, by loading it with the fields of a
 * start instead of the environment. */
#ifndef POINTSMAN_CGI_VARIABLES_H
#define POINTSMAN_CGI_VARIABLES_H

#include "cgi/fields.h"
#include "proxy/config/variables.h"

/* Loads the configuration and fills `out` (zeroed before its first use; free with config_variables_free()). false: it
 * can't be loaded: one line per error in `error`, and `out` has the variables that were found before. Appends one line
 * per warning to `warnings`. */
MUST_CHECK bool variables_learn(const char *config, const struct fields *fields, struct config_variables *out,
                                struct buf *warnings, struct buf *error);

#endif
