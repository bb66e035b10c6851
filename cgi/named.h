/* named: which variables the proxy's configuration names, learned by loading it with a start's fields in the
 * environment's place. */
#ifndef POINTSMAN_CGI_NAMED_H
#define POINTSMAN_CGI_NAMED_H

#include "cgi/fields.h"
#include "proxy/config/variables.h"

/* Loads the configuration and fills `out` (zeroed before its first use). A configuration that can't be loaded names
 * none: the proxy will say what is wrong with it. */
void named_learn(const char *config, const struct fields *fields, struct config_variables *out);

#endif
