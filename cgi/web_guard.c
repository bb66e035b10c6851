/* Preloaded into lighttpd, because keys pass through it: no other program of the user can read its memory, and it keeps
 * no request.
 *
 * lighttpd keeps the buffers of requests for later requests, and frees them every 64 s. Here its own function for that
 * is called whenever it begins to wait. free() overwrites the buffers, because of GLIBC_TUNABLES (cli/lighttpd.c). A
 * lighttpd without that function frees them after 64 s. */
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/prctl.h>

void chunkqueue_chunk_pool_clear(void) __attribute__((weak));

/* Only root can read its memory, environment and descriptors, and it leaves no core file. */
__attribute__((constructor)) static void close_to_others(void)
{
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

int epoll_wait(int fd, struct epoll_event *events, int max, int timeout)
{
    if (chunkqueue_chunk_pool_clear)
        chunkqueue_chunk_pool_clear();
    return epoll_pwait(fd, events, max, timeout, NULL);
}
