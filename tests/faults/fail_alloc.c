/* For tests, with LD_PRELOAD: makes chosen allocations of a program fail. The test and the program share a page, the
 * file in FAULTS_FILE. Only the program whose name is in FAULTS_PROGRAM is affected; its children are not. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The layout is that of tests/support/faults.py. */
struct control {
    _Atomic uint64_t first;    /* number of the allocation that fails, from 1, counted by `count`; 0: none */
    _Atomic uint64_t how_many; /* allocations that fail from there on */
    _Atomic uint64_t count;    /* allocations so far */
    _Atomic uint64_t failed;   /* failed allocations */
    _Atomic int64_t live;      /* blocks that are not freed */
    char where[64];            /* "libcurl.so.4+0x2b13f": caller of the last failed one, for addr2line(1) */
};

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void __libc_free(void *block);

static struct control unused; /* for other programs */
static struct control *control = &unused;

__attribute__((constructor)) static void set_up(void)
{
    const char *path = getenv("FAULTS_FILE"), *program = getenv("FAULTS_PROGRAM");
    int fd = path && program && strcmp(program, program_invocation_short_name) == 0 ? open(path, O_RDWR | O_CLOEXEC)
                                                                                    : -1;
    void *page = fd >= 0 ? mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (fd >= 0)
        close(fd);
    if (page != MAP_FAILED)
        control = page;
}

__attribute__((noinline)) void note(void *caller)
{
    Dl_info info = {0};
    const char *name = dladdr(caller, &info) && info.dli_fname ? info.dli_fname : "";
    const char *slash = strrchr(name, '/');
    (void)snprintf(control->where, sizeof control->where, "%s+%#tx", slash ? slash + 1 : name,
                   (char *)caller - (char *)info.dli_fbase);
}

static int fails(void *caller)
{
    uint64_t number = ++control->count, first = control->first;
    if (!first || number < first || number - first >= control->how_many)
        return 0;
    control->failed++;
    note(caller);
    errno = ENOMEM;
    return 1;
}

#define FAILS() fails(__builtin_return_address(0))

void *malloc(size_t size)
{
    if (FAILS())
        return NULL;
    control->live++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    if (FAILS())
        return NULL;
    control->live++;
    return __libc_calloc(count, size);
}

void *realloc(void *block, size_t size)
{
    if (FAILS())
        return NULL;
    control->live += !block;
    return __libc_realloc(block, size);
}

void free(void *block)
{
    control->live -= block != NULL;
    __libc_free(block);
}
