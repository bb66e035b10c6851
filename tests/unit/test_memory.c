/* Unit tests of proxy/serve/memory; partly glibc only. */
#include "tests/unit/folder.h"

#include "proxy/serve/memory.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

/* A mapped block is mapped by malloc() and unmapped by free(): new pages each time. */
TEST(a_body_of_a_megabyte_stays_in_the_heap)
{
#if defined __GLIBC__ && !defined __SANITIZE_ADDRESS__
    struct mallinfo2 before = mallinfo2();
    char *body = malloc(1 << 20);
    assert_non_null(body);
    memset(body, 'x', 1 << 20);
    assert_int_equal(mallinfo2().hblks, before.hblks);
    size_t heap = mallinfo2().arena;
    free(body);
    assert_int_equal(mallinfo2().arena, heap); /* the heap did not shrink */
#else
    skip();
#endif
}

#ifndef __SANITIZE_ADDRESS__
/* Resident memory of file mappings, KB. */
static long file_pages(void)
{
    char line[256];
    long found = -1;
    FILE *status = fopen("/proc/self/status", "re");
    assert_non_null(status);
    while (found < 0 && fgets(line, sizeof line, status))
        if (strncmp(line, "RssFile:", 8) == 0)
            found = strtol(line + 8, NULL, 10);
    (void)fclose(status);
    return found;
}
#endif

TEST(the_first_tick_unmaps_startup_code)
{
#ifndef __SANITIZE_ADDRESS__
    long before = file_pages();
    memory_tick(true);
    long after = file_pages();
    assert_true(after > 0 && after < before);
    memory_tick(true); /* pages in use are mapped again, and stay */
    assert_true(file_pages() >= after);
#else
    skip();
#endif
}

/* Writes a file below the folder; creates its parent folders. */
static void write_file(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s", folder_at(name));
    for (char *slash = path + sizeof folder; (slash = strchr(slash, '/')); *slash++ = '/') {
        *slash = '\0';
        (void)mkdir(path, 0700);
    }
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

TEST(control_groups_limit_the_memory)
{
    size_t all = memory_of_machine("");
    assert_true(all >= 16u << 20);
    assert_true(memory_of_machine(folder) >= all); /* no control groups */
    write_file("proc/self/cgroup", "1:name=systemd:/a/b\n0::/a/b\n");
    write_file("sys/fs/cgroup/a/b/memory.max", "max\n");
    assert_true(memory_of_machine(folder) >= all);
    write_file("sys/fs/cgroup/a/memory.max", "8388608\n");
    assert_int_equal(memory_of_machine(folder), 8388608);
    write_file("sys/fs/cgroup/a/b/memory.max", "4194304\n");
    assert_int_equal(memory_of_machine(folder), 4194304);
    write_file("sys/fs/cgroup/memory.max", "1048576\n"); /* a container sees its own group as the root */
    assert_int_equal(memory_of_machine(folder), 1048576);
    write_file("proc/self/cgroup", "11:cpu,cpuacct:/c\n9:memory:/c\n");
    write_file("sys/fs/cgroup/memory/c/memory.limit_in_bytes", "9223372036854771712\n");
    assert_true(memory_of_machine(folder) >= all);
    write_file("sys/fs/cgroup/memory/memory.limit_in_bytes", "2097152\n");
    assert_int_equal(memory_of_machine(folder), 2097152);
}

TEST(bodies_get_a_quarter)
{
    assert_int_equal(memory_for_bodies((size_t)8 << 30), (size_t)2 << 30);
    assert_int_equal(memory_for_bodies((size_t)512 << 20), 256u << 20);
}

int main(void)
{
    memory_set_up();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_of_a_megabyte_stays_in_the_heap), cmocka_unit_test(the_first_tick_unmaps_startup_code),
        cmocka_unit_test_setup_teardown(control_groups_limit_the_memory, folder_enter, folder_leave),
        cmocka_unit_test(bodies_get_a_quarter)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
