/* pure: the user's error_rules: their names in the configuration, and regular expressions. */
#include "proxy/terms/failure_private.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MATCH_MAX 4096      /* bytes of a message that are matched; limits the time */
#define EXPRESSION_MAX 1024 /* bytes of an expression */

const char *const failure_then_names[] = {
    [FAILURE_THEN_USUAL] = "usual",
    [FAILURE_THEN_RETRY] = "retry",
    [FAILURE_THEN_NEXT] = "next",
    [FAILURE_THEN_STOP] = "stop",
    NULL,
};

const char *const failure_names[] = {
    [FAILURE_NONE] = "usual",
    [FAILURE_CONNECT] = "connect",
    [FAILURE_TIMEOUT] = "timeout",
    [FAILURE_RATE_LIMIT] = "rate_limit",
    [FAILURE_QUOTA] = "quota",
    [FAILURE_AUTH] = "auth",
    [FAILURE_NOT_FOUND] = "not_found",
    [FAILURE_BAD_REQUEST] = "bad_request",
    [FAILURE_UNSUPPORTED] = "unsupported",
    [FAILURE_CONTEXT] = "context",
    [FAILURE_TOO_LARGE] = "too_large",
    [FAILURE_CONTENT_FILTER] = "content_filter",
    [FAILURE_SERVER] = "server",
    [FAILURE_OVERLOADED] = "overloaded",
    [FAILURE_CUT] = "cut",
    [FAILURE_EMPTY] = "empty",
    [FAILURE_MALFORMED] = "malformed",
    [FAILURE_PROTOCOL] = "protocol",
    NULL,
};

/* Returns whether the expression has a count or a back-reference. */
static bool is_costly(const char *text)
{
    for (; *text; text++) {
        if (*text == '{' || (*text == '\\' && text[1] >= '1' && text[1] <= '9'))
            return true;
        if (*text == '\\' && text[1])
            text++;
    }
    return false;
}

void *failure_expression(const char *text, char *why, size_t size)
{
    regex_t *made = NULL;
    int error = 0;
    if (strlen(text) > EXPRESSION_MAX)
        (void)snprintf(why, size, "over %d characters", EXPRESSION_MAX);
    else if (is_costly(text))
        (void)snprintf(why, size, "counts such as {3} and back-references are not supported");
    else if (!(made = calloc(1, sizeof *made)))
        (void)snprintf(why, size, "out of memory");
    else if ((error = regcomp(made, text, REG_EXTENDED | REG_ICASE | REG_NOSUB)) != 0)
        (void)regerror(error, made, why, size);
    if (error) {
        free(made);
        made = NULL;
    }
    return made;
}

void failure_expression_free(const void *expression)
{
    if (expression)
        regfree((regex_t *)expression);
    free((void *)expression);
}

bool failure_matches(const struct failure_report *r, const void *expression)
{
    char text[MATCH_MAX + 1];
    size_t len = r->message.len < MATCH_MAX ? r->message.len : MATCH_MAX;
    if (len)
        memcpy(text, r->message.data, len);
    text[len] = '\0';
    return regexec(expression, text, 0, NULL, 0) == 0 || (*r->code && regexec(expression, r->code, 0, NULL, 0) == 0);
}
