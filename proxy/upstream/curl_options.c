/* loop: how libcurl makes connections and keeps them. */
#include "proxy/upstream/curl_options.h"

#include "proxy/upstream/transport.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#define KEEPALIVE_IDLE_S 30L /* idle, until it is asked whether the other side is still there */
#define KEEPALIVE_INTERVAL_S 10L
/* Each call has buffers of this size until it is over, an idle stream for long. libcurl's own sizes are 16 KB and, for
 * bodies of more than 64 KB, another 64. */
#define READ_BUFFER 4096L
/* With HTTP/2 the buffer must hold a whole frame, of 16 KB: libcurl 7.88 stops reading the connection, and with it all
 * other calls, if a call is paused with a part of a frame left over. */
#define HTTP2_READ_BUFFER 16384L
#define UPLOAD_BUFFER 16384L
#define UNACKNOWLEDGED_MS 20000 /* then a connection is dead: the network has changed, or the machine slept */

/* CURLOPT_SOCKOPTFUNCTION. Without it a request on a dead connection waits for an answer until its own timeout. */
static int set_socket(void *loop, curl_socket_t fd, curlsocktype purpose)
{
    (void)purpose;
    curl_loop_opened(loop, fd);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &(unsigned){UNACKNOWLEDGED_MS}, sizeof(unsigned));
    return CURL_SOCKOPT_OK;
}

bool curl_options_set_connections(CURL *easy, struct curl_loop *loop, CURLSH *share, int connect_timeout_ms)
{
    return curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK && /* no waiting for the resolver's thread */
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

/* PIPEWAIT: calls that come while the first connection is being made wait for it, for it may be able to carry them all;
 * that is known with TLS. Without TLS it would be known with the first reply's head, which may take as long as a model
 * thinks. */
bool curl_options_set_url(CURL *easy, const char *url)
{
    bool tls = strncmp(url, "https:", 6) == 0; /* which may mean HTTP/2 */
    return curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PIPEWAIT, tls ? 1L : 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, tls ? HTTP2_READ_BUFFER : READ_BUFFER) == CURLE_OK;
}
