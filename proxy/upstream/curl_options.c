/* loop: libcurl's options for connections. */
#include "proxy/upstream/curl_options.h"

#include "proxy/upstream/transport.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#define KEEPALIVE_IDLE_S 30L     /* s of silence before TCP's first keep-alive probe */
#define KEEPALIVE_INTERVAL_S 10L /* s between probes */
/* Bytes. Each call has these buffers until it ends, and a stream may be idle for long. libcurl's defaults are 16 KB,
 * and another 64 KB for bodies above 64 KB. */
#define READ_BUFFER 4096L
/* Bytes: a whole HTTP/2 frame. If a call is paused with a part of a frame unread, libcurl 7.88 stops reading the
 * connection, and with it all other calls. */
#define HTTP2_READ_BUFFER 16384L
#define UPLOAD_BUFFER 16384L    /* bytes */
#define UNACKNOWLEDGED_MS 20000 /* then the connection is dead: the network has changed, or the machine was asleep */

/* CURLOPT_SOCKOPTFUNCTION. Sets TCP_USER_TIMEOUT: otherwise a request on a dead connection waits for its own timeout.
 */
static int set_socket(void *loop, curl_socket_t fd, curlsocktype purpose)
{
    (void)purpose;
    curl_loop_opened(loop, fd);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &(unsigned){UNACKNOWLEDGED_MS}, sizeof(unsigned));
    return CURL_SOCKOPT_OK;
}

bool curl_options_set_connections(CURL *easy, struct curl_loop *loop, CURLSH *share, int connect_timeout_ms)
{
    return curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK && /* do not wait for the resolver's thread */
           curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_timeout_ms) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, UPLOAD_BUFFER) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SHARE, share) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)UPSTREAM_KEPT_S) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, KEEPALIVE_IDLE_S) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, set_socket) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, loop) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, curl_loop_close_socket) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, loop) == CURLE_OK;
}

/* PIPEWAIT: calls wait for a connection that is being opened, because with HTTP/2 it can carry them all. TLS negotiates
 * that in the handshake. Without TLS it would be known only after the first reply's head, which may take minutes. */
bool curl_options_set_url(CURL *easy, const char *url)
{
    bool tls = strncmp(url, "https:", 6) == 0; /* so HTTP/2 is possible */
    return curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PIPEWAIT, tls ? 1L : 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, tls ? HTTP2_READ_BUFFER : READ_BUFFER) == CURLE_OK;
}
