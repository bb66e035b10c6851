/* outgoing_proxy: loop. The outbound proxy of calls through libcurl (general_settings.outgoing_proxy). It is always a
 * tunnel to an https server: it gets names and ports, but no keys or prompts. */
#ifndef POINTSMAN_OUTGOING_PROXY_H
#define POINTSMAN_OUTGOING_PROXY_H

#include "proxy/config/config.h"

#include <curl/curl.h>

/* Sets an easy handle's proxy for `url`: the configured one, or none for this machine; never the environment's.
 * *through: the proxy is used. `hashed`: see ca_certificates.h. false: libcurl refuses an option, or the URL is not
 * https. */
MUST_CHECK bool outgoing_proxy_set(CURL *easy, const struct config *config, const char *url, bool hashed,
                                   bool *through);
/* Returns whether a failed call through the proxy failed because of the proxy, and why in `message`. */
bool outgoing_proxy_failed(CURL *easy, const struct config *config, CURLcode code, char *message, size_t size);

#endif
