/* outgoing_proxy: loop. The proxy through which libcurl's calls leave this machine, where the configuration names one.
 * Always as a tunnel to an https server: it sees names and ports, and neither keys nor prompts. */
#ifndef POINTSMAN_OUTGOING_PROXY_H
#define POINTSMAN_OUTGOING_PROXY_H

#include "proxy/config/config.h"

#include <curl/curl.h>

/* Sets an easy handle's way to `url`: through the proxy, or straight to this machine and where there is none; never as
 * the environment says. *through tells which. `hashed`: see ca_certificates.h. false: libcurl refuses it, or the URL is
 * none of https. */
MUST_CHECK bool outgoing_proxy_set(CURL *easy, const struct config *config, const char *url, bool hashed,
                                   bool *through);
/* Whether a call that went through the proxy failed at it, and not behind it: `told` then says so for people. */
bool outgoing_proxy_failed(CURL *easy, const struct config *config, CURLcode code, char *told, size_t size);

#endif
