/* pure: except for reading the file. The CA file for providers' certificates: litellm_settings.ssl_verify. */
#include "proxy/config/private.h"

#include "common/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define KEY "litellm_settings.ssl_verify"
#define MARK "CERTIFICATE-----"
#define SEARCHED (64u << 10) /* bytes from the start in which the first certificate must begin, after any comments */

/* Returns whether the file contains a certificate. errno: why the file can't be read, else 0. */
static bool has_certificate(const char *path)
{
    char *text = malloc(SEARCHED);
    ssize_t len = text ? file_read_start(AT_FDCWD, path, 0, text, SEARCHED) : -1;
    int error = len < 0 ? errno : 0;
    bool found = len > 0 && memmem(text, (size_t)len, MARK, strlen(MARK)) != NULL;
    free(text);
    errno = error;
    return found;
}

void config_ca_file(struct config_loader *l)
{
    const struct schema_text *t = &l->settings.ssl_verify;
    if (t->variable && !config_env(l, t->variable))
        config_warn(l, t->line, KEY ": %s is not set: using the system's CA certificates", t->variable);
    if (!t->text || strcasecmp(t->text, "true") == 0)
        return;
    if (strcasecmp(t->text, "false") == 0)
        config_warn(l, t->line,
                    KEY
                    ": false has no effect: certificates are always checked: to trust another CA, give the path of its "
                    "PEM file");
    else if (*t->text != '/')
        config_error(l, t->line, KEY ": expected the absolute path of a PEM file, found \"%s\"", t->text);
    else if (!has_certificate(t->text))
        config_error(l, t->line, KEY ": %s: %s", t->text, errno ? file_reason(errno) : "no PEM certificate in it");
    else if (!(l->config->ca_file = strdup(t->text)))
        config_no_memory(l);
}
