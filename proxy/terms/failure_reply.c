/* pure: classifies a provider's error. */
#include "proxy/terms/effort.h"
#include "proxy/terms/failure_private.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define WAIT_MAX_S (30 * 86400) /* longer waits are ignored */
#define STATUS_OK 200           /* of a reply with an error in its body */
#define PLAIN_TEXT_MAX 4096     /* bytes; truncated again to failure.message */

/* Returns what the user can do, as a sentence before the provider's message. */
static const char *advice(const struct failure *f)
{
    if (f->kind == FAILURE_AUTH)
        return "The provider refused its key: check that key and start again with a valid one. ";
    if (f->kind == FAILURE_NOT_FOUND && (f->parts & PART_API))
        return "The server has no such path: check api_base, or set use_chat_completions_api if it has no Responses "
               "API. ";
    if (f->kind == FAILURE_NOT_FOUND)
        return "The provider does not have this model, or not for this key: check the model's name. ";
    return "";
}

struct slice failure_after(struct slice text, const char *lower_case)
{
    size_t len = strlen(lower_case);
    for (size_t at = 0; at + len <= text.len; at++)
        if (tolower((unsigned char)text.ptr[at]) == (unsigned char)*lower_case &&
            strncasecmp(text.ptr + at, lower_case, len) == 0)
            return (struct slice){text.ptr + at + len, text.len - at - len};
    return (struct slice){NULL, 0};
}

static bool contains(struct slice text, const char *lower_case)
{
    return failure_after(text, lower_case).ptr != NULL;
}

static enum failure_kind kind_of_status(int http)
{
    switch (http) {
    case 0: return FAILURE_NONE;
    case 401:
    case 403: return FAILURE_AUTH;
    case 402: return FAILURE_QUOTA;
    case 404:
    case 405: /* the path does not exist: this deployment's api_base is wrong */ return FAILURE_NOT_FOUND;
    case 408: return FAILURE_TIMEOUT;
    case 413: return FAILURE_TOO_LARGE;
    case 429: return FAILURE_RATE_LIMIT;
    case 503:
    case 529: return FAILURE_OVERLOADED;
    default: return http >= 500 ? FAILURE_SERVER : http >= 400 ? FAILURE_BAD_REQUEST : FAILURE_PROTOCOL;
    }
}

/* The classification so far. */
struct reading {
    const struct failure_report *report;
    enum failure_kind kind;
    const struct failure_pattern *pattern; /* the row that decided; NULL: the status */
    unsigned parts;
    char field[PART_FIELD_NAME];
};

static bool text_matches(const struct failure_pattern *w, const struct failure_report *r)
{
    struct slice message = buf_slice(&r->message);
    switch (w->match) {
    case FAILURE_IN_CODE:
        return strcasecmp(r->code, w->text) == 0 || strcasecmp(r->type, w->text) == 0 ||
               strcasecmp(r->status, w->text) == 0;
    case FAILURE_IN_TEXT: return contains(message, w->text) || contains(slice_of(r->param), w->text);
    case FAILURE_IS_TEXT:
        return (!w->status || w->status == r->http) && (*w->text ? slice_is_nocase(message, w->text) : r->bare);
    }
    return false;
}

/* Returns whether the row applies; one about a field only if the error names a field. */
static bool applies(const struct failure_pattern *w, struct reading *reading)
{
    if (!(w->among & FAILURE_BIT(reading->kind)) || !text_matches(w, reading->report))
        return false;
    reading->parts = w->parts;
    if (!(w->parts & PART_FIELD))
        return true;
    unsigned named = w->field ? PART_FIELD : failure_field(reading->report, w->text, reading->field);
    if (w->field)
        (void)snprintf(reading->field, sizeof reading->field, "%s", w->field);
    reading->parts = (w->parts & ~(unsigned)PART_FIELD) | named;
    return named;
}

/* Returns the first row that applies, of those with one of these ways to match. NULL: none. */
static const struct failure_pattern *find_pattern(struct reading *reading, unsigned table, unsigned matches)
{
    size_t count;
    const struct failure_pattern *patterns = failure_patterns(table, &count);
    for (size_t i = 0; i < count; i++)
        if ((matches >> patterns[i].match & 1) && applies(&patterns[i], reading))
            return &patterns[i];
    return NULL;
}

/* Returns whether an error rule of the user applies. */
static bool rule_applies(const struct failure_pattern *w, const struct failure_source *source,
                         const struct failure_report *r)
{
    if ((w->provider && strcmp(w->provider, source->provider) != 0) ||
        (w->deployment && strcmp(w->deployment, source->deployment) != 0) ||
        (w->status && w->status != (r->http ? r->http : STATUS_OK)))
        return false;
    return w->expression
               ? failure_matches(r, w->expression)
               : !*w->text || contains(buf_slice(&r->message), w->text) || slice_is_nocase(slice_of(r->code), w->text);
}

/* Applies the first error rule of the user that matches: it overrides the tables. */
static void apply_own(struct reading *reading, const struct failure_source *source)
{
    for (unsigned i = 0; source && i < source->own_count; i++) {
        const struct failure_pattern *w = &source->own[i];
        if (!rule_applies(w, source, reading->report))
            continue;
        reading->pattern = w;
        if (w->parts_given)
            reading->parts = w->parts;
        if (w->field)
            (void)snprintf(reading->field, sizeof reading->field, "%s", w->field);
        if (w->kind_given)
            reading->kind = w->kind;
        return;
    }
}

/* Returns the number at the start of the text, after spaces and colons: "8,000" is 8000. -1: none. */
static int64_t leading_number(struct slice text)
{
    int64_t number = -1;
    while (text.len && (*text.ptr == ' ' || *text.ptr == ':')) {
        text.ptr++;
        text.len--;
    }
    for (size_t i = 0; i < text.len && number < INT64_MAX / 100; i++) {
        if (isdigit((unsigned char)text.ptr[i]))
            number = (number < 0 ? 0 : number) * 10 + (text.ptr[i] - '0');
        else if (text.ptr[i] != ',' || i + 1 == text.len || !isdigit((unsigned char)text.ptr[i + 1]))
            break;
    }
    return number;
}

/* Returns the first number directly after `word`; -1: none. */
static int64_t number_after(struct slice text, const char *word)
{
    int64_t number = -1;
    while (number < 0 && (text = failure_after(text, word)).ptr)
        number = leading_number(text);
    return number;
}

/* Returns whether the request alone exceeds the rate limit: then waiting does not help. */
static bool exceeds_its_limit(const struct failure_report *r)
{
    struct slice message = buf_slice(&r->message);
    int64_t limit = number_after(message, "limit"), requested = number_after(message, "requested");
    return limit > 0 && requested > limit;
}

/* Returns the seconds of "7.66s", "12m3.4s", "1h", "20ms" or "30 seconds", rounded up; -1: the text begins otherwise.
 */
static int leading_seconds(struct slice text)
{
    char copy[48], *at = copy;
    double sum = 0;
    size_t len = text.len < sizeof copy - 1 ? text.len : sizeof copy - 1;
    memcpy(copy, text.ptr, len);
    copy[len] = '\0';
    while (isdigit((unsigned char)*at)) {
        char *unit;
        double value = strtod(at, &unit);
        while (*unit == ' ')
            unit++;
        sum += value * (strncmp(unit, "ms", 2) == 0 ? 0.001 : *unit == 'm' ? 60 : *unit == 'h' ? 3600 : 1);
        for (at = unit; isalpha((unsigned char)*at); at++)
            ;
    }
    return at > copy && sum < WAIT_MAX_S ? (int)(sum + 0.999) : -1;
}

/* Returns the wait in the message, s; -1: none. */
static int wait_in(struct slice message)
{
    static const char *const PHRASES[] = {"try again in ", "retry in ", "retry after "};
    int seconds = -1;
    for (size_t i = 0; i < sizeof PHRASES / sizeof *PHRASES && seconds < 0; i++) {
        struct slice rest = failure_after(message, PHRASES[i]);
        seconds = rest.ptr ? leading_seconds(rest) : -1;
    }
    return seconds;
}

#define MATCH(NAME) (1u << FAILURE_##NAME)

/* Starts with the status; then codes refine it, then messages, then the table of refusals. */
static void classify(struct reading *reading, const struct failure_source *source)
{
    static const struct {
        unsigned table, matches;
    } STEPS[] = {{0, MATCH(IN_CODE)}, {0, MATCH(IN_TEXT)}, {1, MATCH(IN_CODE) | MATCH(IN_TEXT) | MATCH(IS_TEXT)}};
    const struct failure_report *r = reading->report;
    reading->kind = kind_of_status(r->http);
    for (size_t i = 0; i < sizeof STEPS / sizeof *STEPS; i++) {
        const struct failure_pattern *found = find_pattern(reading, STEPS[i].table, STEPS[i].matches);
        if (found && (!reading->pattern || found->kind != reading->kind || found->parts))
            reading->pattern = found;
        if (found)
            reading->kind = found->kind;
    }
    if (!reading->pattern || !reading->pattern->parts) {
        reading->parts = 0;
        *reading->field = '\0';
    }
    if (reading->kind == FAILURE_NONE)
        reading->kind = FAILURE_SERVER;
    /* Gemini uses "current quota" also for its limits per minute. */
    if (reading->kind == FAILURE_QUOTA && r->http == 429 && contains(r->body, "perminute"))
        reading->kind = FAILURE_RATE_LIMIT;
    if (reading->kind == FAILURE_RATE_LIMIT && exceeds_its_limit(r))
        reading->kind = FAILURE_TOO_LARGE;
    apply_own(reading, source);
}

/* Writes a message for a body without one. */
static void describe_body(struct failure_report *r)
{
    struct slice text = r->body;
    while (text.len && isspace((unsigned char)*text.ptr)) {
        text.ptr++;
        text.len--;
    }
    if (text.len == 0)
        buf_add_format(&r->message, "the provider replied HTTP %d without a body", r->http);
    else if (*text.ptr == '<')
        buf_add_format(&r->message, "the provider replied HTTP %d with a web page", r->http);
    else if (*text.ptr == '{' || *text.ptr == '[')
        buf_add_format(&r->message, "the provider replied HTTP %d without a message", r->http);
    else
        buf_add_format(&r->message, "the provider replied HTTP %d: %.*s", r->http,
                       (int)(text.len < PLAIN_TEXT_MAX ? text.len : PLAIN_TEXT_MAX), text.ptr);
}

static void fill(struct failure *f, const struct failure_source *source, struct failure_report *r, int status,
                 int retry_after_s)
{
    struct reading reading = {.report = r};
    *f = (struct failure){
        .upstream_status = status,
        .retry_after_s = retry_after_s >= 0 ? retry_after_s : r->retry_after_s,
    };
    if (f->retry_after_s < 0)
        f->retry_after_s = wait_in(buf_slice(&r->message));
    r->bare = r->message.len == 0;
    if (r->bare)
        describe_body(r);
    classify(&reading, source);
    f->kind = reading.kind;
    f->pattern = reading.pattern;
    f->parts = reading.parts;
    if (f->parts & PART_EFFORT)
        f->efforts = effort_offered(buf_slice(&r->message));
    memcpy(f->field, reading.field, sizeof f->field);
    struct buf message;
    buf_init(&message, FAILURE_MESSAGE_MAX + 256);
    buf_add_text(&message, advice(f));
    buf_add_slice(&message, buf_slice(&r->message));
    failure_fill(f, slice_of(*r->code ? r->code : r->status), buf_slice(&message));
    buf_free(&message);
    buf_free(&r->message);
}

void failure_from_reply(struct failure *f, const struct failure_source *source, int status, int retry_after_s,
                        struct slice body)
{
    struct failure_report r;
    failure_read(&r, body);
    r.http = status; /* overrides a status in the body */
    fill(f, source, &r, status, retry_after_s);
}

void failure_from_error(struct failure *f, const struct failure_source *source, struct slice error)
{
    struct failure_report r;
    failure_read(&r, error);
    if (!r.message.len && r.body.len && !memchr("{[<\"n", *r.body.ptr, 5))
        buf_add(&r.message, r.body.ptr, r.body.len < PLAIN_TEXT_MAX ? r.body.len : PLAIN_TEXT_MAX);
    if (!r.message.len)
        BUF_ADD(&r.message, "the provider sent an error without a message");
    fill(f, source, &r, r.http, -1);
}

const struct failure_pattern *failure_pattern_of(int status, struct slice body)
{
    struct failure f;
    if (status)
        failure_from_reply(&f, NULL, status, -1, body);
    else
        failure_from_error(&f, NULL, body);
    return f.pattern;
}
