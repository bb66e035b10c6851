/* pure: Matches an error with an expression of the user's. */
#include "proxy/terms/failure_private.h"

#include <regex.h>
#include <string.h>

#define MATCH_MAX 4096 /* bytes of a message that are looked at: the time that a match takes grows with them */

bool failure_matches(const struct failure_report *r, const void *expression)
{
    char text[MATCH_MAX + 1];
    size_t len = r->message.len < MATCH_MAX ? r->message.len : MATCH_MAX;
    if (len)
        memcpy(text, r->message.data, len);
    text[len] = '\0';
    return regexec(expression, text, 0, NULL, 0) == 0 || (*r->code && regexec(expression, r->code, 0, NULL, 0) == 0);
}
