/* pure: the values of reasoning_effort. */
#include "proxy/terms/effort.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static const struct {
    unsigned bit;
    const char *name; /* of several names for a bit, the first one is sent */
} NAMES[] = {
    {EFFORT_NONE, "none"},     {EFFORT_MINIMAL, "minimal"}, {EFFORT_LOW, "low"},
    {EFFORT_MEDIUM, "medium"}, {EFFORT_HIGH, "high"},       {EFFORT_XHIGH, "xhigh"},
    {EFFORT_MAX, "max"},       {EFFORT_MAX, "ultra"},       {EFFORT_OTHER, "default"},
};

unsigned effort_named(struct slice name)
{
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (name.len == strlen(NAMES[i].name) && strncasecmp(name.ptr, NAMES[i].name, name.len) == 0)
            return NAMES[i].bit;
    return 0;
}

/* Returns the text after the first phrase that offers values; empty: none. */
static struct slice after_offer(struct slice message)
{
    static const char *const OFFERS[] = {
        "supported values", "supported efforts",       "valid levels",
        "valid values",     "allowed values",          "must be one of",
        "must be ",         "expected one of",         "should be one of",
        "should be ",       "set reasoning_effort to", "one of",
    };
    for (size_t i = 0; i < sizeof OFFERS / sizeof *OFFERS; i++) {
        size_t len = strlen(OFFERS[i]);
        for (size_t at = 0; at + len <= message.len; at++)
            if (strncasecmp(message.ptr + at, OFFERS[i], len) == 0)
                return (struct slice){message.ptr + at + len, message.len - at - len};
    }
    return (struct slice){NULL, 0};
}

/* Returns the next word of letters, and removes it from `rest`. */
static struct slice next_word(struct slice *rest)
{
    size_t at = 0, end;
    while (at < rest->len && !isalpha((unsigned char)rest->ptr[at]))
        at++;
    for (end = at; end < rest->len && (isalpha((unsigned char)rest->ptr[end]) || rest->ptr[end] == '_'); end++)
        ;
    struct slice word = {rest->ptr + at, end - at};
    rest->ptr += end;
    rest->len -= end;
    return word;
}

unsigned effort_offered(struct slice message)
{
    /* The refused value follows these words. */
    static const char *const ENDS[] = {"input", "received", "got", "found", "but"};
    struct slice rest = after_offer(message);
    unsigned offered = 0;
    for (struct slice word; rest.len && (word = next_word(&rest)).len;) {
        for (size_t i = 0; i < sizeof ENDS / sizeof *ENDS; i++)
            if (slice_is(word, ENDS[i]))
                return offered;
        offered |= effort_named(word);
    }
    return offered;
}

const char *effort_nearest(unsigned offered, struct slice effort)
{
    unsigned wanted = effort_named(effort), usable = offered & ~(unsigned)EFFORT_OTHER;
    const char *lower = NULL, *higher = NULL;
    if (!wanted)
        return NULL;
    if (wanted != EFFORT_NONE && (usable != EFFORT_NONE || (offered & EFFORT_OTHER)))
        usable &= ~(unsigned)EFFORT_NONE;
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        if (!(NAMES[i].bit & usable) || slice_is(slice_of(NAMES[i].name), "ultra"))
            continue;
        if (NAMES[i].bit <= wanted)
            lower = NAMES[i].name;
        else if (!higher)
            higher = NAMES[i].name;
    }
    return lower ? lower : higher;
}
