/* The start form's fields for the configuration's variables. */
#include "cgi/page_form.h"

#include "cgi/keys.h"
#include "cgi/template.h"
#include "cgi/variables.h"

#include <string.h>

#define ERROR_MAX (16u << 10) /* bytes */

void page_form_open(struct page_form *form, const char *config)
{
    static const struct fields none = {.count = 0};
    *form = (struct page_form){0};
    buf_init(&form->error, ERROR_MAX);
    buf_init(&form->warnings, ERROR_MAX);
    if (!variables_learn(config, &none, &form->variables, &form->warnings, &form->error) && !form->error.len)
        BUF_ADD(&form->error, "out of memory");
}

void page_form_free(struct page_form *form)
{
    config_variables_free(&form->variables);
    buf_free(&form->error);
    buf_free(&form->warnings);
}

bool page_form_has(const struct page_form *form, const char *name)
{
    return config_variables_has(&form->variables, slice_of(name));
}

static struct slice without_provider(const char *model)
{
    const char *slash = strchr(model, '/');
    return slice_of(slash ? slash + 1 : model);
}

void page_form_write_model(const struct page_form *form, const char *name, struct buf *out)
{
    int index = config_variables_find(&form->variables, slice_of(name));
    const char *model = index >= 0 ? form->variables.purposes[index].model : NULL;
    if (model)
        template_escape(out, without_provider(model));
}

void page_form_write_error(const struct refusal *why, const char *name, struct buf *out)
{
    if (why && why->field && strcmp(why->field, name) == 0)
        BUF_ADD(out, " aria-invalid=\"true\" aria-errormessage=\"message\" autofocus");
}

/* "OpenAI API key", "Hugging Face token"; the variable's name alone if it is no provider's own. */
static void write_label(const char *name, const struct provider *owner, struct buf *out)
{
    if (owner) {
        size_t len = strlen(name);
        template_escape(out, slice_of(owner->title));
        buf_add_text(out, len > 5 && strcmp(name + len - 5, "TOKEN") == 0 ? " token " : " API key ");
    }
    BUF_ADD(out, "<code>");
    template_escape(out, slice_of(name));
    BUF_ADD(out, "</code>");
    if (owner && !owner->key_required)
        BUF_ADD(out, " <span class=\"optional\">optional</span>");
}

/* Where the key comes from, else the deployments that use the variable. */
static void write_hint(const struct variable_purpose *purpose, const struct provider *owner, struct buf *out)
{
    if (owner && owner->key_note)
        template_escape(out, slice_of(owner->key_note));
    if (owner && owner->key_page) {
        BUF_ADD(out, " From <a target=\"_blank\" rel=\"noreferrer\" href=\"");
        template_escape(out, slice_of(owner->key_page));
        BUF_ADD(out, "\">");
        template_escape(out, slice_of(owner->key_page + strlen("https://")));
        BUF_ADD(out, "</a>");
    } else if (purpose->model) {
        BUF_ADD(out, " For <code>");
        template_escape(out, slice_of(purpose->model));
        BUF_ADD(out, "</code>");
        if (purpose->deployments > 1)
            buf_add_format(out, " and %u more", purpose->deployments - 1);
    }
}

static void write_field(const struct config_variables *v, unsigned i, const struct refusal *why, struct buf *out)
{
    const char *name = v->names[i];
    const struct variable_purpose *purpose = &v->purposes[i];
    const struct provider *owner = purpose->use == VARIABLE_KEY ? provider_of_key(slice_of(name)) : NULL;
    bool hint = (owner && (owner->key_note || owner->key_page)) || purpose->model;
    bool secret = purpose->use == VARIABLE_KEY || keys_is_secret(slice_of(name));
    buf_add_format(out, "<div class=\"field\"><label for=\"v%u\">", i);
    write_label(name, owner, out);
    buf_add_format(out, "</label>\n<input id=\"v%u\" name=\"", i);
    template_escape(out, slice_of(name));
    buf_add_format(out,
                   "\" type=\"%s\" autocomplete=\"off\" spellcheck=\"false\" autocapitalize=\"none\" maxlength=\"%d\"",
                   secret ? "password" : "text", KEY_MAX_LEN);
    if (owner && owner->key_start)
        buf_add_format(out, " placeholder=\"%s…\"", owner->key_start);
    if (hint)
        buf_add_format(out, " aria-describedby=\"v%u-hint\"", i);
    page_form_write_error(why, name, out);
    BUF_ADD(out, ">\n");
    if (hint) {
        buf_add_format(out, "<p class=\"hint\" id=\"v%u-hint\">", i);
        write_hint(purpose, owner, out);
        BUF_ADD(out, "</p>");
    }
    BUF_ADD(out, "</div>\n");
}

static bool has_field(const struct config_variables *v, unsigned i)
{
    return !keys_is_option(slice_of(v->names[i]));
}

static bool is_needed(const struct config_variables *v, unsigned i)
{
    enum variable_use use = v->purposes[i].use;
    return (use == VARIABLE_KEY || use == VARIABLE_NEED) && has_field(v, i);
}

void page_form_write_needed(const struct page_form *form, const struct refusal *why, struct buf *out)
{
    const struct config_variables *v = &form->variables;
    const struct provider *p = provider_table();
    for (bool own = false; !own; p++) {
        own = !p->prefix; /* behind the providers': variables that are none's */
        for (unsigned i = 0; i < v->count; i++)
            if (is_needed(v, i) && provider_of_key(slice_of(v->names[i])) == (own ? NULL : p))
                write_field(v, i, why, out);
    }
}

void page_form_write_switches(const struct page_form *form, const struct refusal *why, struct buf *out)
{
    const struct config_variables *v = &form->variables;
    for (unsigned i = 0; i < v->count; i++) {
        if (v->purposes[i].use != VARIABLE_SWITCH || !has_field(v, i))
            continue;
        buf_add_format(out, "<div class=\"choice\"><input id=\"v%u\" type=\"checkbox\" value=\"1\" name=\"", i);
        template_escape(out, slice_of(v->names[i]));
        buf_add_format(out, "\" aria-describedby=\"v%u-hint\"", i);
        page_form_write_error(why, v->names[i], out);
        buf_add_format(out, ">\n<label for=\"v%u\"><code>", i);
        template_escape(out, slice_of(v->names[i]));
        buf_add_format(out, "</code></label>\n<p class=\"hint\" id=\"v%u-hint\">", i);
        write_hint(&v->purposes[i], NULL, out);
        BUF_ADD(out, "</p></div>\n");
    }
}

void page_form_write_others(const struct page_form *form, const struct refusal *why, struct buf *out)
{
    const struct config_variables *v = &form->variables;
    unsigned written = 0;
    bool refused = false;
    for (unsigned i = 0; i < v->count; i++)
        refused |= v->purposes[i].use == VARIABLE_OTHER && why && why->field && strcmp(why->field, v->names[i]) == 0;
    for (unsigned i = 0; i < v->count; i++) {
        if (v->purposes[i].use != VARIABLE_OTHER || !has_field(v, i))
            continue;
        if (!written++)
            buf_add_format(out, "<details%s><summary>Other variables of the configuration</summary>\n",
                           refused ? " open" : "");
        write_field(v, i, why, out);
    }
    if (written)
        BUF_ADD(out, "</details>\n");
}
