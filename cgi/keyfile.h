/* keyfile: small private files in the runtime folder (the master key, the scripts' token). */
#ifndef POINTSMAN_CGI_KEYFILE_H
#define POINTSMAN_CGI_KEYFILE_H

#include "common/buf.h"

#define KEYFILE_MASTER "codex-litellm-proxy.key"
#define KEYFILE_TOKEN "session-token"

/* Creates a file of mode 0600 in the folder `dir`, after unlinking an old one of that name; follows no link. false,
 * with errno set: no file is left. */
MUST_CHECK bool keyfile_write(int dir, const char *name, const char *text);
/* Unlinks the file, if there is one. */
void keyfile_remove(int dir, const char *name);
bool keyfile_exists(int dir, const char *name);

#endif
