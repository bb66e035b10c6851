/* Preloaded into lighttpd, through which the keys pass: closes it to other programs, and has it keep no request.
 *
 * lighttpd keeps the buffers of requests for the next ones, and gives them back every 64 s. The same function of
 * lighttpd's own gives them back here whenever it begins to wait. What is given back is overwritten, by GLIBC_TUNABLES
 * (cli/lighttpd.c). A lighttpd without that function goes by its 64 s. */
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/prctl.h>

void chunkqueue_chunk_pool_clear(void) __attribute__((weak));

/* Memory, environment and descriptors are root's alone, and there is no core file. */
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
