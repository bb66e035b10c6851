/* Unit test of proxy/memory: on glibc, where it can be seen. */
#include "tests/unit/unit.h"

#include "proxy/serve/memory.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

/* A block of its own is mapped when it is made and unmapped when it is freed: each time with new pages. */
TEST(a_request_of_a_megabyte_stays_in_the_heap)
{
#if defined __GLIBC__ && !defined __SANITIZE_ADDRESS__
    struct mallinfo2 before = mallinfo2();
    char *body = malloc(1 << 20);
    assert_non_null(body);
    memset(body, 'x', 1 << 20);
    assert_int_equal(mallinfo2().hblks, before.hblks);
    size_t heap = mallinfo2().arena;
    free(body);
    assert_int_equal(mallinfo2().arena, heap); /* and the heap did not shrink */
#else
    skip();
#endif
}

/* Resident memory that files lie behind, in KB. */
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

TEST(the_first_tick_unmaps_what_the_start_needed)
{
#ifndef __SANITIZE_ADDRESS__
    long before = file_pages();
    memory_tick(true);
    long after = file_pages();
    assert_true(after > 0 && after < before);
    memory_tick(true); /* what goes on needs is there again, and stays */
    assert_true(file_pages() >= after);
#else
    skip();
#endif
}

int main(void)
{
    memory_set_up();
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_request_of_a_megabyte_stays_in_the_heap),
                                       cmocka_unit_test(the_first_tick_unmaps_what_the_start_needed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
