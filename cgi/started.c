/* What the running proxy was started with. Pure. */
#include "cgi/started.h"

#include "cgi/template.h"

#include <string.h>

#define VARIABLES_MAX (16u << 10) /* bytes */
#define WARNINGS_MAX (16u << 10)  /* bytes */

/* Where values come from: as the API says it, and as the page does. */
static const struct {
    const char *word, *html;
} origins[] = {
    {"environment", "from the environment of the <code>pointsman</code> command"},
    {"keys-fd", "read by <code>--keys-fd</code>"},
    {"prompt", "typed at the prompt of the <code>pointsman</code> command"},
    {"option", "by an option of the <code>pointsman</code> command"},
    {"page", "entered on this page"},
    {"script", "sent by a script"},
};

void started_init(struct started *s)
{
    buf_init(&s->variables, VARIABLES_MAX);
    buf_init(&s->warnings, WARNINGS_MAX);
}

/* Takes the text up to the mark off the front of `rest`, and the mark. */
static struct slice take(struct slice *rest, char mark)
{
    const char *end = rest->len ? memchr(rest->ptr, mark, rest->len) : NULL;
    struct slice head = {rest->ptr, end ? (size_t)(end - rest->ptr) : rest->len};
    size_t step = head.len + (end != NULL);
    *rest = (struct slice){rest->ptr + step, rest->len - step};
    return head;
}

/* Returns the origin that "NAME:ORIGIN,…" has for the name, else `otherwise`. */
static const char *origin_of(struct slice sources, struct slice name, const char *otherwise)
{
    while (sources.len) {
        struct slice origin = take(&sources, ','), named = take(&origin, ':');
        for (size_t i = 0; slice_equal(named, name) && i < sizeof origins / sizeof *origins; i++)
            if (slice_is(origin, origins[i].word))
                return origins[i].word;
    }
    return otherwise;
}

static void add(struct started *s, const struct keys *keys, struct slice name, const char *sender)
{
    buf_add_format(&s->variables, "%.*s %s\n", SLICE_ARGS(name), origin_of(keys->sources, name, sender));
}

void started_record(struct started *s, const struct keys *keys, const char *sender)
{
    buf_clear(&s->variables);
    for (unsigned key = 0; key < KEY_COUNT; key++)
        if (keys->value[key].len)
            add(s, keys, slice_of(key_name((enum key)key)), sender);
    if (keys->agent_base.len)
        add(s, keys, SLICE(AGENT_BASE_NAME), sender);
    for (unsigned choice = 0; choice < CHOICE_COUNT; choice++)
        if (keys->chosen[choice] && choice != CHOICE_DEMO)
            add(s, keys, slice_of(choice_variable((enum choice)choice)), sender);
    for (size_t i = 0; i < keys->variable_count; i++)
        add(s, keys, keys->variables[i].name, sender);
}

void started_describe(const struct started *s, bool running, struct container in)
{
    struct container variables = document_add_array(in, "variables");
    for (struct slice rest = buf_slice(&s->variables); running && rest.len;) {
        struct slice origin = take(&rest, '\n'), name = take(&origin, ' ');
        struct container variable = document_add_object(variables, NULL);
        document_add_slice(variable, "name", name);
        document_add_slice(variable, "from", origin);
    }
    struct container warnings = document_add_array(in, "config_warnings");
    for (struct slice rest = buf_slice(&s->warnings); running && rest.len;)
        document_add_slice(warnings, NULL, take(&rest, '\n'));
}

void started_write_variables(const struct started *s, struct buf *out)
{
    struct slice rest = buf_slice(&s->variables);
    if (!rest.len)
        return;
    BUF_ADD(out, "<h3>Variables of this session</h3>\n<ul>\n");
    while (rest.len) {
        struct slice origin = take(&rest, '\n'), name = take(&origin, ' ');
        BUF_ADD(out, "<li><code>");
        template_escape(out, name);
        BUF_ADD(out, "</code> ");
        for (size_t i = 0; i < sizeof origins / sizeof *origins; i++)
            if (slice_is(origin, origins[i].word))
                buf_add_text(out, origins[i].html);
        BUF_ADD(out, "</li>\n");
    }
    BUF_ADD(out, "</ul>\n");
}

/* Writes "Line 7: …" for "/folder/config.yaml:7: …". */
static void write_warning(struct slice warning, const char *config, struct buf *out)
{
    size_t len = strlen(config);
    if (slice_starts(warning, config) && warning.len > len + 1 && warning.ptr[len] == ':') {
        bool line = warning.ptr[len + 1] >= '0' && warning.ptr[len + 1] <= '9';
        buf_add_text(out, line ? "Line " : "");
        warning = slice_trim((struct slice){warning.ptr + len + 1, warning.len - len - 1});
    }
    template_escape(out, warning);
}

void started_write_warnings(const struct buf *warnings, const char *config, struct buf *out)
{
    struct slice rest = buf_slice(warnings);
    if (!rest.len)
        return;
    BUF_ADD(out, "<h3>Warnings</h3>\n<ul>\n");
    while (rest.len) {
        BUF_ADD(out, "<li>");
        write_warning(take(&rest, '\n'), config, out);
        BUF_ADD(out, "</li>\n");
    }
    BUF_ADD(out, "</ul>\n");
}
