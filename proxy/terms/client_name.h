/* client_name: pure. The client's name and version, as its User-Agent says. */
#ifndef POINTSMAN_CLIENT_NAME_H
#define POINTSMAN_CLIENT_NAME_H

#include "common/buf.h"

#define CLIENT_NAME_MAX 40    /* bytes */
#define CLIENT_VERSION_MAX 24 /* bytes */

struct client_name {
    char name[CLIENT_NAME_MAX + 1];       /* letters, digits and "._+-/"; "": unknown */
    char version[CLIENT_VERSION_MAX + 1]; /* the same without "/"; "": unknown */
};

/* Reads the first product of a User-Agent: "codex_cli_rs/0.142.1 (Debian 12; x86_64)" is codex_cli_rs, 0.142.1, and
 * "OpenAI/Python 2.8.1" is OpenAI/Python, 2.8.1. A name or version with other characters, or one that is too long, is
 * unknown: it may be text that does not belong in a log. */
void client_name_read(struct slice user_agent, struct client_name *client);

#endif
