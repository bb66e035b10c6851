/* loop: keeps freed memory for the next request; returns it to the system when idle. */
#include "proxy/serve/memory.h"

#include "common/file.h"

#include <elf.h>
#include <link.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h> /* defines __GLIBC__ */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#define KEEP_FREE (64 << 20) /* bytes free at the end of the heap: of sixteen requests of 1 MB, bridged */
#define KEEP_BUSY (8 << 20)  /* the same, after BUSY_S */
#define MAP_FROM (4 << 20)   /* bytes; larger blocks are mapped and unmapped */
#define QUIET_S 10           /* seconds without a request before memory is returned */
#define BUSY_S 60            /* seconds with requests before all but KEEP_BUSY is returned */

void memory_set_up(void)
{
#ifdef __GLIBC__
    (void)mallopt(M_TRIM_THRESHOLD, KEEP_FREE);
    (void)mallopt(M_MMAP_THRESHOLD, MAP_FROM);
#endif
}

#ifndef __SANITIZE_ADDRESS__
/* Whether the linker has modified the object's code, so that the pages differ from the file. */
static bool has_text_relocations(const struct dl_phdr_info *object)
{
    for (size_t i = 0; i < object->dlpi_phnum; i++) {
        if (object->dlpi_phdr[i].p_type != PT_DYNAMIC)
            continue;
        uintptr_t at = object->dlpi_addr + object->dlpi_phdr[i].p_vaddr;
        for (const ElfW(Dyn) *d = (const void *)at; d->d_tag != DT_NULL; d++)
            if (d->d_tag == DT_TEXTREL || (d->d_tag == DT_FLAGS && (d->d_un.d_val & DF_TEXTREL)))
                return true;
    }
    return false;
}

/* Unmaps the read-only pages of one program or library. */
static int forget_code(struct dl_phdr_info *object, size_t size, void *page_size)
{
    uintptr_t page = *(const uintptr_t *)page_size;
    (void)size;
    for (size_t i = 0; i < object->dlpi_phnum && !has_text_relocations(object); i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        uintptr_t begin = object->dlpi_addr + segment->p_vaddr, end = (begin + segment->p_filesz) & ~(page - 1);
        begin = (begin + page - 1) & ~(page - 1);
        if (segment->p_type == PT_LOAD && !(segment->p_flags & PF_W) && begin < end)
            (void)madvise((void *)begin, end - begin, MADV_DONTNEED);
    }
    return 0;
}
#endif

/* Startup runs code that is not needed again, such as the initialization of libcurl's libraries and the linker's
 * tables. The pages are clean: they stay in the page cache and are mapped again when touched. Debugger breakpoints are
 * lost: set them after the first second. */
static void forget_start(void)
{
#ifndef __SANITIZE_ADDRESS__
    long size = sysconf(_SC_PAGESIZE);
    uintptr_t page = size > 0 ? (uintptr_t)size : 0;
    if (page)
        (void)dl_iterate_phdr(forget_code, &page);
#endif
}

/* Returns free memory to the system, but for so many bytes at the end of the heap. */
static void give_back(size_t but)
{
#ifdef __GLIBC__
    (void)malloc_trim(but);
#else
    (void)but;
#endif
}

void memory_tick(bool idle)
{
    static bool started;
    static unsigned quiet_s = QUIET_S; /* nothing freed yet */
    static unsigned busy_s;
    if (!started)
        forget_start();
    started = true;
    if (!idle) {
        quiet_s = 0;
        if (++busy_s % BUSY_S == 0)
            give_back(KEEP_BUSY);
    } else if (quiet_s < QUIET_S && ++quiet_s == QUIET_S) {
        give_back(0);
    }
}

/* The smallest limit of a control group and its ancestors; `most` if none is smaller. Cuts `group`. */
static size_t group_limit(const char *root, const char *folder, char *group, const char *name, size_t most)
{
    for (;;) {
        char path[PATH_MAX], text[64], *end;
        (void)snprintf(path, sizeof path, "%s%s%s/%s", root, folder, group, name);
        if (file_read_start(AT_FDCWD, path, 0, text, sizeof text) > 0) {
            unsigned long long limit = strtoull(text, &end, 10); /* "max" means no limit */
            if (end != text && limit && limit < most)
                most = (size_t)limit;
        }
        char *slash = strrchr(group, '/');
        if (!slash)
            return most;
        *slash = '\0';
    }
}

size_t memory_of_machine(const char *root)
{
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    size_t most = pages > 0 && page > 0 ? (size_t)pages * (size_t)page : SIZE_MAX;
    char path[PATH_MAX], text[8192];
    (void)snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    if (file_read_start(AT_FDCWD, path, 0, text, sizeof text) <= 0)
        return most;
    /* "0::/system.slice/x.service", version 2; "9:memory:/docker/x", version 1 */
    for (char *line = text, *next; *line; line = next) {
        next = line + strcspn(line, "\n");
        if (*next)
            *next++ = '\0';
        char *group = strstr(line, ":memory:");
        if (strncmp(line, "0::", 3) == 0)
            most = group_limit(root, "/sys/fs/cgroup", line + 3, "memory.max", most);
        else if (group)
            most = group_limit(root, "/sys/fs/cgroup/memory", group + 8, "memory.limit_in_bytes", most);
    }
    return most;
}

size_t memory_for_bodies(size_t machine)
{
    const size_t least = (size_t)256 << 20;
    return machine / 4 > least ? machine / 4 : least;
}
