/* pure: names of the segments of a prompt. */
#include "proxy/terms/segments.h"

#include <stddef.h>

const char *segment_name(enum segment segment)
{
    static const char *const names[SEGMENTS] = {"instructions", "tools", "environment", "history", "tool_output"};
    return segment < SEGMENTS ? names[segment] : NULL;
}
