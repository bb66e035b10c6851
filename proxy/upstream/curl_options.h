/* curl_options: loop. libcurl's options for connections, the same for all handles. */
#ifndef POINTSMAN_CURL_OPTIONS_H
#define POINTSMAN_CURL_OPTIONS_H

#include "proxy/upstream/curl_loop.h"

/* Sets the options of an easy handle of the loop. `share`: the data that handles share; `connect_timeout_ms`: limit
 * from name lookup to the end of the TLS handshake. false: libcurl refuses an option. */
bool curl_options_set_connections(CURL *easy, struct curl_loop *loop, CURLSH *share, int connect_timeout_ms);
/* Sets the URL, and options that depend on its scheme. false: libcurl refuses it, or out of memory. */
bool curl_options_set_url(CURL *easy, const char *url);

#endif
