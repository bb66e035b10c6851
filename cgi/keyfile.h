/* keyfile: small private files in the runtime folder (the master key, the page token). */
#ifndef POINTSMAN_CGI_KEYFILE_H
#define POINTSMAN_CGI_KEYFILE_H

#include "common/buf.h"

#define KEYFILE_MASTER "codex-litellm-proxy.key"
#define KEYFILE_TOKEN "session-token"

/* Removes the file `name` in the folder `dir` and creates it again with mode 0600; follows no link. false: errno is
 * set, and no file is left. */
MUST_CHECK bool keyfile_write(int dir, const char *name, const char *text);
/* Removes the file if it exists. */
void keyfile_remove(int dir, const char *name);
bool keyfile_exists(int dir, const char *name);

#endif
