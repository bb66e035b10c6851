/* variables: the environment variables that the proxy's configuration names, found by loading it with a start's fields
 * in place of the environment. */
#ifndef POINTSMAN_CGI_VARIABLES_H
#define POINTSMAN_CGI_VARIABLES_H

#include "cgi/fields.h"
#include "proxy/config/variables.h"

/* Loads the configuration and fills `out` (zeroed before its first use). One that can't be loaded names none: the
 * proxy will report what is wrong with it. */
void variables_learn(const char *config, const struct fields *fields, struct config_variables *out);

#endif
