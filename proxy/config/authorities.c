/* pure: but for a look into the file. Which authorities may certify providers' servers: litellm_settings.ssl_verify. */
#include "proxy/config/private.h"

#include "common/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define KEY "litellm_settings.ssl_verify"
#define MARK "CERTIFICATE-----"
#define LOOKED_AT (64u << 10) /* bytes in which the first certificate begins: comments may stand before it */

/* Whether a certificate begins there; where the file can't be read, errno says why, else it is 0. */
static bool has_certificate(const char *path)
{
    char *text = malloc(LOOKED_AT);
    ssize_t len = text ? file_read_start(AT_FDCWD, path, 0, text, LOOKED_AT) : -1;
    int fault = len < 0 ? errno : 0;
    bool found = len > 0 && memmem(text, (size_t)len, MARK, strlen(MARK)) != NULL;
    free(text);
    errno = fault;
    return found;
}

void config_authorities(struct config_loader *l)
{
    const struct schema_text *t = &l->settings.ssl_verify;
    if (t->variable && !config_env(l, t->variable))
        config_warn(l, t->line, KEY ": %s is not set; the system's list of authorities is taken", t->variable);
    if (!t->text || strcasecmp(t->text, "true") == 0)
        return;
    if (strcasecmp(t->text, "false") == 0)
        config_warn(l, t->line,
                    KEY ": false has no effect here: providers' certificates are always checked; to trust an "
                        "authority of your own, give the path of its PEM file");
    else if (*t->text != '/')
        config_error(l, t->line, KEY ": expected the whole path of a PEM file, from its /, found \"%s\"", t->text);
    else if (!has_certificate(t->text))
        config_error(l, t->line, KEY ": %s: %s", t->text,
                     errno ? file_reason(errno) : "there is no certificate in it; it must be PEM");
    else if (!(l->config->ca_file = strdup(t->text)))
        config_no_memory(l);
}
