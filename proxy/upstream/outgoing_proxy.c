/* loop: the outbound proxy of calls through libcurl. */
#include "proxy/upstream/outgoing_proxy.h"

#include "common/url.h"

#include <stdio.h>

#define WANTS_LOGIN 407 /* HTTP status: Proxy Authentication Required */

bool outgoing_proxy_set(CURL *easy, const struct config *config, const char *url, bool hashed, bool *through)
{
    struct url parts;
    bool known = url_split(slice_of(url), &parts);
    *through = config->outgoing_proxy && !(known && url_is_loopback(&parts));
    if (!*through)
        return curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK;
    if (!known || !parts.tls)
        return false;
    return curl_easy_setopt(easy, CURLOPT_PROXY, config->outgoing_proxy) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOPROXY, "") == CURLE_OK && /* ignore the environment's no_proxy */
           curl_easy_setopt(easy, CURLOPT_HTTPPROXYTUNNEL, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE) == CURLE_OK && /* no key to the proxy */
           curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROXYUSERPWD, config->outgoing_login) == CURLE_OK &&
           (!(config->ca_file || hashed) || curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, config->ca_file) == CURLE_OK);
}

bool outgoing_proxy_failed(CURL *easy, const struct config *config, CURLcode code, char *message, size_t size)
{
    long answer = 0, made = 0;
    bool refused,
        unreachable = code == CURLE_COULDNT_RESOLVE_PROXY || code == CURLE_COULDNT_CONNECT || code == CURLE_PROXY;
    (void)curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &answer);
    (void)curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &made);
    refused = answer && (answer < 200 || answer >= 300);
    bool silent = !answer && made && slice_starts(slice_of(config->outgoing_proxy), "http");
    if (!unreachable && !refused && !silent)
        return false;
    int len = snprintf(message, size, "the outbound proxy %s ", config->outgoing_proxy);
    if (len < 0 || (size_t)len >= size)
        return true;
    message += len;
    size -= (size_t)len;
    if (answer == WANTS_LOGIN)
        (void)snprintf(message, size, "requires %s (407): see general_settings.outgoing_proxy",
                       config->outgoing_login ? "another login" : "a login");
    else if (refused)
        (void)snprintf(message, size, "refused to connect to it (%ld)", answer);
    else
        (void)snprintf(message, size, "can't be used (%s): see general_settings.outgoing_proxy",
                       curl_easy_strerror(code));
    return true;
}
