/* pure: finds the field of a request that a provider's error names.
 *
 *   param: "reasoning.effort"; loc: ["body","reasoning","effort"]
 *   Unsupported parameter: 'temperature' is not supported               after the text
 *   property 'messages.2.assistant.reasoning_content' is unsupported    before it
 */
#include "proxy/terms/failure_private.h"

#include <ctype.h>
#include <string.h>

static bool is_name(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '[' || c == ']';
}

/* Returns the next run of characters of a path, and removes it from `rest`. *quoted: it is between quotes or backticks.
 */
static struct slice next_token(struct slice *rest, bool *quoted)
{
    size_t at = 0, end;
    while (at < rest->len && !is_name(rest->ptr[at]))
        at++;
    for (end = at; end < rest->len && is_name(rest->ptr[end]); end++)
        ;
    struct slice token = {rest->ptr + at, end - at};
    *quoted = at && end < rest->len && strchr("'\"`", rest->ptr[at - 1]) && rest->ptr[end] == rest->ptr[at - 1];
    rest->ptr += end;
    rest->len -= end;
    while (token.len && token.ptr[token.len - 1] == '.') /* the end of a sentence */
        token.len--;
    return token;
}

/* Returns the next component of a path, and removes it from `rest`. Skips numbers and "body". */
static struct slice next_component(struct slice *rest)
{
    struct slice component;
    do {
        size_t at = 0, end;
        while (at < rest->len && strchr(".[]", rest->ptr[at]))
            at++;
        for (end = at; end < rest->len && !strchr(".[]", rest->ptr[end]); end++)
            ;
        component = (struct slice){rest->ptr + at, end - at};
        rest->ptr += end;
        rest->len -= end;
    } while (component.len && (isdigit((unsigned char)*component.ptr) || slice_is(component, "body")));
    return component;
}

/* Appends "presencePenalty" as "presence_penalty". */
static void add_snake(struct slice text, struct buf *out)
{
    for (size_t i = 0; i < text.len; i++) {
        if (isupper((unsigned char)text.ptr[i]))
            buf_add_char(out, '_');
        buf_add_char(out, (char)tolower((unsigned char)text.ptr[i]));
    }
}

/* Returns the part of a path, and its field in `name`: a member of the request, of `reasoning` or of `text`. Within
 * messages only reasoning counts. 0: none. */
static unsigned part_of_path(struct slice path, char name[PART_FIELD_NAME])
{
    struct slice first = next_component(&path), second = next_component(&path), last = second;
    struct buf text;
    unsigned part = 0;
    for (struct slice more; (more = next_component(&path)).len;)
        last = more;
    buf_init(&text, PART_FIELD_NAME - 1);
    if (slice_is(first, "messages") || slice_is(first, "input")) {
        part = part_of_field(last) == PART_REASONING ? PART_REASONING : 0;
    } else if (first.len && first.len < PART_FIELD_NAME) {
        add_snake(first, &text);
        if (second.len && (slice_is(first, "reasoning") || slice_is(first, "text"))) {
            buf_add_char(&text, '.');
            add_snake(second, &text);
        }
        part = text.failed ? 0 : part_of_field(buf_slice(&text));
    }
    if (part && text.len)
        memcpy(name, text.data, text.len);
    name[part ? text.len : 0] = '\0';
    buf_free(&text);
    return part;
}

/* Returns whether the token is a word of errors, not a field's name. */
static bool is_other_word(struct slice token)
{
    static const char *const WORDS[] = {
        "msg",  "loc",   "type", "input",   "extra_forbidden",       "value_error", "ctx",
        "url",  "error", "code", "message", "invalid_request_error", "property",    "validation_error",
        "none", "null"};
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
        if (slice_is(token, WORDS[i]))
            return true;
    return false;
}

/* Returns whether an unquoted token can only be a field's name: "top_p", "topP". */
static bool looks_like_field(struct slice token)
{
    bool inner_case = false;
    for (size_t i = 1; i < token.len; i++)
        inner_case |= isupper((unsigned char)token.ptr[i]) && islower((unsigned char)token.ptr[i - 1]);
    return inner_case || (token.len && memchr(token.ptr, '_', token.len));
}

static unsigned field_after(struct slice rest, char name[PART_FIELD_NAME])
{
    bool quoted;
    struct slice all = rest;
    for (struct slice token; (token = next_token(&rest, &quoted)).len;) {
        unsigned part = (quoted || looks_like_field(token)) && !is_other_word(token) ? part_of_path(token, name) : 0;
        if (part)
            return part;
    }
    const char *colon = all.len ? memchr(all.ptr, ':', all.len) : NULL;
    if (!colon)
        return 0;
    rest = (struct slice){colon + 1, all.len - (size_t)(colon + 1 - all.ptr)};
    struct slice token = next_token(&rest, &quoted);
    return token.len && !is_other_word(token) ? part_of_path(token, name) : 0;
}

/* The last field counts, because it is the nearest to the text that was matched. */
static unsigned field_before(struct slice text, char name[PART_FIELD_NAME])
{
    char found[PART_FIELD_NAME];
    unsigned part = 0;
    bool quoted;
    for (struct slice token; (token = next_token(&text, &quoted)).len;) {
        unsigned of = (quoted || looks_like_field(token)) && !is_other_word(token) ? part_of_path(token, found) : 0;
        if (!of)
            continue;
        part = of;
        memcpy(name, found, sizeof found);
    }
    return part;
}

unsigned failure_field(const struct failure_report *r, const char *words, char name[PART_FIELD_NAME])
{
    struct slice message = buf_slice(&r->message), rest = failure_after(message, words);
    unsigned part = 0;
    *name = '\0';
    if (*r->param && !is_other_word(slice_of(r->param)))
        part = part_of_path(slice_of(r->param), name);
    if (part || !rest.ptr)
        return part;
    part = field_after(rest, name);
    if (!part)
        part = field_before((struct slice){message.ptr, (size_t)(rest.ptr - message.ptr) - strlen(words)}, name);
    return part;
}
