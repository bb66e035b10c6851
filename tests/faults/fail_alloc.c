/* For the tests alone, by LD_PRELOAD: lets chosen allocations of a program find no memory. The tests and the program
 * share a page, the file that FAULTS_FILE names; FAULTS_PROGRAM is the program that is meant: others that inherit the
 * variables are left alone. */
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

/* As tests/integration/faults.py reads it. */
struct control {
    _Atomic uint64_t first;    /* the allocation that fails, counted from 1 since `count` was 0; 0: none */
    _Atomic uint64_t how_many; /* that fail from there on */
    _Atomic uint64_t count;    /* asked for so far */
    _Atomic uint64_t failed;   /* of them */
    _Atomic int64_t live;      /* blocks that were not freed */
    char where[64];            /* "libcurl.so.4+0x2b13f": who asked for the last of them; addr2line(1) knows more */
};

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void __libc_free(void *block);

static struct control nobody;
static struct control *control = &nobody;

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
