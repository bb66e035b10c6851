/* keyfile: small private files in the runtime folder (the master key, the scripts' token). */
#ifndef POINTSMAN_CGI_KEYFILE_H
#define POINTSMAN_CGI_KEYFILE_H

#include "common/buf.h"

#define KEYFILE_MASTER "codex-litellm-proxy.key"
#define KEYFILE_TOKEN "session-token"

/* Makes a new file of mode 0600 in the folder `dir`, following no link and reusing nothing that lies there: what was
 * left behind is unlinked first. false with errno set; then no file is left. */
MUST_CHECK bool keyfile_write(int dir, const char *name, const char *text);
/* Unlinks it; an absent one is fine. */
void keyfile_remove(int dir, const char *name);
bool keyfile_exists(int dir, const char *name);

#endif
