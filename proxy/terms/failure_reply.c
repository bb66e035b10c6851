/* pure: Decides which kind of failure a provider's error is. */
#include "proxy/terms/failure_private.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define WAIT_MAX_S (30 * 86400) /* anything longer is no statement about this session */
#define PLAIN_TEXT_MAX 4096     /* more than is shown: the cut at a character's end comes later */

/* What the user can do about it, where the provider does not say. */
static const char *advice(enum failure_kind kind)
{
    if (kind == FAILURE_AUTH)
        return "The provider refused its key: check that key and start again with a valid one. ";
    if (kind == FAILURE_NOT_FOUND)
        return "The provider does not have this model, or not for this key: check the model's name. ";
    return "";
}

/* What follows the first place where the text holds these words; ptr NULL: nowhere. */
static struct slice after(struct slice text, const char *lower_case)
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
    return after(text, lower_case).ptr != NULL;
}

static enum failure_kind kind_of_status(int http)
{
    switch (http) {
    case 0: return FAILURE_NONE;
    case 401:
    case 403: return FAILURE_AUTH;
    case 402: return FAILURE_QUOTA;
    case 404:
    case 405: /* no such path there: api_base is wrong, another deployment's may be right */ return FAILURE_NOT_FOUND;
    case 408: return FAILURE_TIMEOUT;
    case 413: return FAILURE_TOO_LARGE;
    case 429: return FAILURE_RATE_LIMIT;
    case 503:
    case 529: return FAILURE_OVERLOADED;
    default: return http >= 500 ? FAILURE_SERVER : http >= 400 ? FAILURE_BAD_REQUEST : FAILURE_PROTOCOL;
    }
}

static bool speaks(const struct failure_word *w, const struct failure_report *r)
{
    if (w->place == FAILURE_IN_TEXT)
        return contains(buf_slice(&r->message), w->words);
    return strcasecmp(r->code, w->words) == 0 || strcasecmp(r->type, w->words) == 0 ||
           strcasecmp(r->status, w->words) == 0;
}

static const struct failure_word *find_word(const struct failure_report *r, enum failure_place place,
                                            enum failure_kind kind)
{
    size_t count;
    const struct failure_word *words = failure_words(&count);
    for (size_t i = 0; i < count; i++)
        if (words[i].place == place && (words[i].among & FAILURE_BIT(kind)) && speaks(&words[i], r))
            return &words[i];
    return NULL;
}

/* The number at the start of the text, behind spaces and a colon: "8,000" is 8000; -1 where there is none. */
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

/* The first number that directly follows `word`; -1 where there is none. */
static int64_t number_after(struct slice text, const char *word)
{
    int64_t number = -1;
    while (number < 0 && (text = after(text, word)).ptr)
        number = leading_number(text);
    return number;
}

/* A rate limit that is below what this request asks for: it will not fit later either. */
static bool exceeds_its_limit(const struct failure_report *r)
{
    struct slice message = buf_slice(&r->message);
    int64_t limit = number_after(message, "limit"), requested = number_after(message, "requested");
    return limit > 0 && requested > limit;
}

/* The seconds of "7.66s", "12m3.4s", "1h", "20ms" or "30 seconds", rounded up; -1 where the text begins otherwise. */
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

/* The wait that the message asks for; -1: none. */
static int wait_in(struct slice message)
{
    static const char *const PHRASES[] = {"try again in ", "retry in ", "retry after "};
    int seconds = -1;
    for (size_t i = 0; i < sizeof PHRASES / sizeof *PHRASES && seconds < 0; i++) {
        struct slice rest = after(message, PHRASES[i]);
        seconds = rest.ptr ? leading_seconds(rest) : -1;
    }
    return seconds;
}

/* Code words make the status more exact, then the message's words do. */
static enum failure_kind classify(const struct failure_report *r, const struct failure_word **word)
{
    enum failure_kind kind = kind_of_status(r->http);
    *word = NULL;
    for (enum failure_place place = FAILURE_IN_CODE; place <= FAILURE_IN_TEXT; place++) {
        const struct failure_word *found = find_word(r, place, kind);
        if (found && (!*word || found->kind != kind))
            *word = found;
        kind = found ? found->kind : kind;
    }
    if (kind == FAILURE_NONE)
        return FAILURE_SERVER;
    /* Gemini says "current quota" of its limits per minute, too; those are over in a moment. */
    if (kind == FAILURE_QUOTA && r->http == 429 && contains(r->body, "perminute"))
        kind = FAILURE_RATE_LIMIT;
    if (kind == FAILURE_RATE_LIMIT && exceeds_its_limit(r))
        kind = FAILURE_TOO_LARGE;
    return kind;
}

/* What to show of a body that holds no message. */
static void describe_body(struct failure_report *r)
{
    struct slice text = r->body;
    while (text.len && isspace((unsigned char)*text.ptr)) {
        text.ptr++;
        text.len--;
    }
    if (text.len == 0)
        buf_add_format(&r->message, "the provider answered HTTP %d without a body", r->http);
    else if (*text.ptr == '<')
        buf_add_format(&r->message, "the provider answered HTTP %d with a web page", r->http);
    else if (*text.ptr == '{' || *text.ptr == '[')
        buf_add_format(&r->message, "the provider answered HTTP %d without a message", r->http);
    else
        buf_add_format(&r->message, "the provider answered HTTP %d: %.*s", r->http,
                       (int)(text.len < PLAIN_TEXT_MAX ? text.len : PLAIN_TEXT_MAX), text.ptr);
}

static void fill(struct failure *f, struct failure_report *r, int status, int retry_after_s)
{
    const struct failure_word *word;
    *f = (struct failure){
        .upstream_status = status,
        .retry_after_s = retry_after_s >= 0 ? retry_after_s : r->retry_after_s,
    };
    if (f->retry_after_s < 0)
        f->retry_after_s = wait_in(buf_slice(&r->message));
    if (r->message.len == 0)
        describe_body(r);
    f->kind = classify(r, &word);
    struct buf message;
    buf_init(&message, FAILURE_MESSAGE_MAX + 256);
    buf_add_text(&message, advice(f->kind));
    buf_add_slice(&message, buf_slice(&r->message));
    failure_fill(f, slice_of(*r->code ? r->code : r->status), buf_slice(&message));
    buf_free(&message);
    buf_free(&r->message);
}

void failure_from_reply(struct failure *f, int status, int retry_after_s, struct slice body)
{
    struct failure_report r;
    failure_read(&r, body);
    r.http = status; /* the reply's own status counts, not one inside */
    fill(f, &r, status, retry_after_s);
}

void failure_from_error(struct failure *f, struct slice error)
{
    struct failure_report r;
    failure_read(&r, error);
    if (!r.message.len && r.body.len && !memchr("{[<\"n", *r.body.ptr, 5))
        buf_add(&r.message, r.body.ptr, r.body.len < PLAIN_TEXT_MAX ? r.body.len : PLAIN_TEXT_MAX);
    if (!r.message.len)
        BUF_ADD(&r.message, "the provider broke off with an error that has no message");
    fill(f, &r, r.http, -1);
}

const struct failure_word *failure_word_of(int status, struct slice body)
{
    const struct failure_word *word;
    struct failure_report r;
    failure_read(&r, body);
    r.http = status ? status : r.http;
    (void)classify(&r, &word);
    buf_free(&r.message);
    return word;
}
