/* pure: the names of a request's parts, and sets of them. */
#include "proxy/terms/part.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static const struct {
    unsigned part;
    const char *name;
} NAMES[] = {
    {PART_IMAGES, "images"},
    {PART_FORMAT, "response_format"},
    {PART_EFFORT, "reasoning_effort"},
    {PART_EFFORT_VALUE, "reasoning_effort_value"},
    {PART_PREFILL, "prefill"},
    {PART_LATER_SYSTEM, "later_system_messages"},
    {PART_SYSTEM, "system_messages"},
    {PART_ADJACENT, "adjacent_user_messages"},
    {PART_REASONING, "reasoning_content"},
    {PART_NO_REASONING, "calls_without_reasoning"},
    {PART_NO_SIGNATURE, "calls_without_signature"},
    {PART_NO_DETAILS, "calls_without_reasoning_details"},
    {PART_MAX_TOKENS, "max_tokens"},
    {PART_RESPONSES, "responses_api"},
    {PART_CHAT, "chat_completions_api"},
    {PART_FIELD, "field"},
    {PART_API, "api"},
};

const char *part_name(unsigned part)
{
    size_t i = 0;
    while (i + 1 < sizeof NAMES / sizeof *NAMES && NAMES[i].part != part)
        i++;
    return NAMES[i].name;
}

unsigned part_named(const char *name)
{
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (NAMES[i].part != PART_FIELD && strcmp(NAMES[i].name, name) == 0)
            return NAMES[i].part;
    return 0;
}

static bool names_a_field(struct slice text)
{
    if (!text.len || text.len >= PART_FIELD_NAME || !isalpha((unsigned char)*text.ptr))
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (!isalnum((unsigned char)text.ptr[i]) && text.ptr[i] != '_' && text.ptr[i] != '.')
            return false;
    return true;
}

unsigned part_of_field(struct slice field)
{
    static const struct {
        const char *field;
        unsigned part;
    } OWN[] = {
        {"reasoning_effort", PART_EFFORT},
        {"reasoning.effort", PART_EFFORT},
        {"reasoningEffort", PART_EFFORT},
        {"response_format", PART_FORMAT},
        {"text.format", PART_FORMAT},
        {"reasoning_content", PART_REASONING},
        {"reasoning_details", PART_REASONING},
        {"max_tokens", PART_MAX_TOKENS},
        {"max_completion_tokens", PART_MAX_TOKENS},
        /* A request requires these. */
        {"model", 0},
        {"messages", 0},
        {"input", 0},
        {"prompt", 0},
        {"instructions", 0},
        {"tools", 0},
        {"functions", 0},
        {"stream", 0},
        {"n", 0},
        {"stop", 0},
        {"previous_response_id", 0},
        {"conversation", 0},
        {"background", 0},
        {"max_output_tokens", 0},
        {"modalities", 0},
        {"audio", 0},
        {"logprobs", 0},
        {"top_logprobs", 0},
        {"text", 0},
    };
    for (size_t i = 0; i < sizeof OWN / sizeof *OWN; i++)
        if (slice_is(field, OWN[i].field))
            return OWN[i].part;
    return names_a_field(field) ? PART_FIELD : 0;
}

bool omits_field(const struct omissions *w, const char *field)
{
    for (unsigned i = 0; w && i < w->field_count; i++)
        if (strcmp(w->fields[i], field) == 0)
            return true;
    return false;
}

bool omissions_add(struct omissions *w, const struct omissions *more)
{
    bool any = more->parts & ~w->parts & ~(unsigned)PART_FIELD;
    w->parts |= more->parts & ~(unsigned)PART_FIELD;
    if (more->parts & PART_EFFORT_VALUE)
        w->efforts = more->efforts;
    for (unsigned i = 0; i < more->field_count && w->field_count < PART_FIELDS; i++) {
        if (omits_field(w, more->fields[i]))
            continue;
        memcpy(w->fields[w->field_count++], more->fields[i], PART_FIELD_NAME);
        any = true;
    }
    if (w->field_count)
        w->parts |= PART_FIELD;
    return any;
}

void omissions_describe(const struct omissions *w, struct buf *out)
{
    const char *between = "";
    for (unsigned part = 1; part <= PART_API; part <<= 1) {
        if (part == PART_FIELD || !(w->parts & part))
            continue;
        buf_add_format(out, "%s%s", between, part_name(part));
        between = ", ";
    }
    for (unsigned i = 0; i < w->field_count; i++) {
        buf_add_format(out, "%s%s", between, w->fields[i]);
        between = ", ";
    }
}
