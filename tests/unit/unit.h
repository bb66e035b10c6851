/* unit: included by every unit test: cmocka after the headers it requires, and assertions for the project's types. */
#ifndef POINTSMAN_UNIT_H
#define POINTSMAN_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/buf.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* A unit test: TEST(name) { ... }. Tests with a fixture get it in `state`. */
#define TEST(name) static void name(__attribute__((unused)) void **state)

/* The slice equals the text. */
#define assert_slice(slice, text) unit_assert_slice((slice), (text), __FILE__, __LINE__)
/* The buffer's content equals the text. */
#define assert_buf(buf, text) unit_assert_slice(buf_slice(buf), (text), __FILE__, __LINE__)

static inline void unit_assert_slice(struct slice s, const char *text, const char *file, int line)
{
    if (slice_is(s, text))
        return;
    print_error("\"%.*s\" is not \"%s\"\n", SLICE_ARGS(s), text);
    _fail(file, line);
}

#endif
