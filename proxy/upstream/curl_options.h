/* curl_options: loop. How libcurl makes connections and keeps them, the same for all handles. */
#ifndef POINTSMAN_CURL_OPTIONS_H
#define POINTSMAN_CURL_OPTIONS_H

#include "proxy/upstream/curl_loop.h"

/* Sets them on an easy handle of the loop; `share`: what all handles have in common; `connect_timeout_ms`: from the
 * name look-up to the end of the TLS handshake. false: libcurl refuses one. */
bool curl_options_set_connections(CURL *easy, struct curl_loop *loop, CURLSH *share, int connect_timeout_ms);
/* Sets the URL, and what depends on its scheme. false: libcurl refuses it, or there is no memory. */
bool curl_options_set_url(CURL *easy, const char *url);

#endif
