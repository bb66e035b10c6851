/* For tests, with LD_PRELOAD: getaddrinfo() waits until the test lets it continue, and then fails or returns 127.0.0.1,
 * without a name server. The test and the program share a page, the file in NAMES_FILE. */
#include <fcntl.h>
#include <netdb.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define LOOK_NS 2000000 /* ns between two checks of `held` */

/* The layout is that of tests/support/faults.py. */
struct control {
    _Atomic int64_t held;   /* lookups wait while this is not 0 */
    _Atomic int64_t error;  /* EAI_*; 0: each name is 127.0.0.1 */
    _Atomic uint64_t begun; /* lookups that began */
    _Atomic uint64_t ended; /* lookups that ended */
};

static struct control unused = {.error = EAI_AGAIN}; /* without NAMES_FILE */
static struct control *control = &unused;

__attribute__((constructor)) static void set_up(void)
{
    const char *path = getenv("NAMES_FILE");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *page = fd >= 0 ? mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (fd >= 0)
        close(fd);
    if (page != MAP_FAILED)
        control = page;
}

static struct addrinfo *local(uint16_t port, int type)
{
    struct addrinfo *found = calloc(1, sizeof *found + sizeof(struct sockaddr_in));
    if (!found)
        return NULL;
    struct sockaddr_in *address = (struct sockaddr_in *)(found + 1);
    *address =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(0x7f000001)};
    *found = (struct addrinfo){.ai_family = AF_INET,
                               .ai_socktype = type ? type : SOCK_STREAM,
                               .ai_protocol = IPPROTO_TCP,
                               .ai_addrlen = sizeof *address,
                               .ai_addr = (struct sockaddr *)address};
    return found;
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **result)
{
    int error = (int)control->error;
    (void)name;
    control->begun++;
    while (control->held)
        nanosleep(&(struct timespec){0, LOOK_NS}, NULL);
    if (!error &&
        !(*result = local((uint16_t)strtoul(service ? service : "0", NULL, 10), hints ? hints->ai_socktype : 0)))
        error = EAI_MEMORY;
    control->ended++;
    return error;
}

void freeaddrinfo(struct addrinfo *found)
{
    free(found);
}
