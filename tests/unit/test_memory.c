/* Unit test of proxy/memory: on glibc, where it can be seen. */
#include "tests/unit/unit.h"

#include "proxy/memory.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

/* A block of its own is mapped when it is made and unmapped when it is freed: each time with new pages. */
static void a_request_of_a_megabyte_stays_in_the_heap(void **state)
{
    (void)state;
#if defined __GLIBC__ && !defined __SANITIZE_ADDRESS__
    struct mallinfo2 before = mallinfo2();
    char *body = malloc(1 << 20);
    assert_non_null(body);
    memset(body, 'x', 1 << 20);
    assert_int_equal(mallinfo2().hblks, before.hblks);
    size_t heap = mallinfo2().arena;
    free(body);
    assert_int_equal(mallinfo2().arena, heap);   /* and the heap did not shrink */
#else
    skip();
#endif
}

int main(void)
{
    memory_set_up();
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_request_of_a_megabyte_stays_in_the_heap)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
