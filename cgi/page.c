/* www/page.html with its {{slots}} filled in. */
#include "cgi/page.h"

#include "cgi/page_form.h"
#include "cgi/page_models.h"
#include "cgi/session.h"
#include "cgi/status.h"
#include "cgi/template.h"

#include <string.h>

/* The data that slots are filled from. */
struct view {
    const struct session *session;
    const struct refusal *why; /* why the last request was refused; NULL: it was not */
    const char *note;          /* the last request's result; "": none to show */
    const struct page_form *form;
};

static void write_state(const struct view *view, struct buf *out)
{
    buf_add_text(out, supervisor_state_name(view->session->supervisor.state));
}

/* Why the request was refused, else why the proxy died. */
static void write_message(const struct view *view, struct buf *out)
{
    template_escape(out, slice_of(view->why ? view->why->message : view->session->supervisor.reason));
}

static void write_note(const struct view *view, struct buf *out)
{
    template_escape(out, slice_of(view->note));
}

static void write_token(const struct view *view, struct buf *out)
{
    buf_add_text(out, view->session->token);
}

static void write_base_url(const struct view *view, struct buf *out)
{
    buf_add_text(out, view->session->settings.base_url);
}

static void write_risk_port(const struct view *view, struct buf *out)
{
    buf_add_format(out, "%u", view->session->settings.risk_port);
}

static void write_key_file(const struct view *view, struct buf *out)
{
    template_escape(out, slice_of(view->session->settings.key_file));
}

/* Writes a path as one word of a POSIX shell, for the commands on the page: quoted unless all characters are plain. */
static void write_word(const char *path, struct buf *out)
{
    if (path[strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._+-")] == '\0') {
        template_escape(out, slice_of(path));
        return;
    }
    buf_add_char(out, '\'');
    for (; *path; path++) {
        if (*path == '\'')
            BUF_ADD(out, "&#39;\\&#39;");
        template_escape(out, (struct slice){path, 1});
    }
    buf_add_char(out, '\'');
}

static void write_key_file_word(const struct view *view, struct buf *out)
{
    write_word(view->session->settings.key_file, out);
}

static void write_command_word(const struct view *view, struct buf *out)
{
    write_word(view->session->settings.command, out);
}

static void write_runtime(const struct view *view, struct buf *out)
{
    template_escape(out, slice_of(view->session->settings.runtime_dir));
}

static void write_version(const struct view *view, struct buf *out)
{
    (void)view;
    buf_add_text(out, PACKAGE_VERSION);
}

static void write_pid(const struct view *view, struct buf *out)
{
    buf_add_format(out, "%d", (int)view->session->supervisor.pid);
}

static void write_aliases(const struct view *view, struct buf *out)
{
    page_models_write_ready(&view->session->supervisor.report.json, view->session->token, out);
}

static void write_missing(const struct view *view, struct buf *out)
{
    page_models_write_missing(&view->session->supervisor.report.json, out);
}

static void write_ready(const struct view *view, struct buf *out)
{
    page_models_write_tracks(&view->session->supervisor.report.json, &view->session->page, out);
}

static void write_model(const struct view *view, struct buf *out)
{
    page_models_write_example(&view->session->supervisor.report.json, out);
}

static void write_needed(const struct view *view, struct buf *out)
{
    page_form_write_needed(view->form, view->why, out);
}

static void write_switches(const struct view *view, struct buf *out)
{
    page_form_write_switches(view->form, view->why, out);
}

static void write_others(const struct view *view, struct buf *out)
{
    page_form_write_others(view->form, view->why, out);
}

static void write_qwen_model(const struct view *view, struct buf *out)
{
    page_form_write_model(view->form, "USE_LOCAL_QWEN", out);
}

static void write_agent_base_error(const struct view *view, struct buf *out)
{
    page_form_write_error(view->why, AGENT_BASE_NAME, out);
}

static void write_agent_key_error(const struct view *view, struct buf *out)
{
    page_form_write_error(view->why, key_name(KEY_CODEX_AGENT), out);
}

/* The box of an option that the configuration has no use for is not shown. */
static void write_hidden(const struct view *view, const char *name, struct buf *out)
{
    if (!page_form_has(view->form, name))
        BUF_ADD(out, " hidden");
}

static void write_qwen_hidden(const struct view *view, struct buf *out)
{
    write_hidden(view, "USE_LOCAL_QWEN", out);
}

static void write_agent_hidden(const struct view *view, struct buf *out)
{
    write_hidden(view, "LITELLM_ENABLE_CODEX_AGENT", out);
}

/* The box stays checked if one of its fields is invalid, so that the fields stay visible. */
static void write_agent_checked(const struct view *view, struct buf *out)
{
    if (view->why && view->why->field && slice_starts(slice_of(view->why->field), "CODEX_AGENT_"))
        BUF_ADD(out, " checked");
}

static void write_login_hidden(const struct view *view, struct buf *out)
{
    if (!settings_has_login(&view->session->settings))
        BUF_ADD(out, " hidden");
    else
        write_hidden(view, "USE_CHATGPT_LOGIN", out);
}

static void write_login_file(const struct view *view, struct buf *out)
{
    template_escape(out, slice_of(view->session->settings.login_file));
}

static void write_config(const struct view *view, struct buf *out)
{
    template_escape(out, slice_of(view->session->settings.config));
}

static void write_config_from(const struct view *view, struct buf *out)
{
    const struct settings *settings = &view->session->settings;
    switch (settings->config_from) {
    case CONFIG_GIVEN: BUF_ADD(out, "Named by <code>--config</code> when this session began."); break;
    case CONFIG_OWN: BUF_ADD(out, "Your own, found in your configuration folder."); break;
    case CONFIG_SHIPPED:
        BUF_ADD(out, "The one that comes with pointsman.");
        if (settings->own_config) {
            BUF_ADD(out, " Your own goes to <code>");
            template_escape(out, slice_of(settings->own_config));
            BUF_ADD(out, "</code>.");
        }
    }
}

static void write_config_error(const struct view *view, struct buf *out)
{
    template_escape(out, buf_slice(&view->form->error));
}

static void write_variables(const struct view *view, struct buf *out)
{
    if (supervisor_has_child(&view->session->supervisor))
        started_write_variables(&view->session->started, out);
}

static void write_warnings(const struct view *view, struct buf *out)
{
    const struct session *session = view->session;
    started_write_warnings(supervisor_has_child(&session->supervisor) ? &session->started.warnings
                                                                      : &view->form->warnings,
                           session->settings.config, out);
}

static const struct template_slot slots[] = {
    {"state", write_state},
    {"ready", write_ready},
    {"message", write_message},
    {"note", write_note},
    {"token", write_token},
    {"base_url", write_base_url},
    {"risk_port", write_risk_port},
    {"key_file", write_key_file},
    {"key_file_word", write_key_file_word},
    {"command_word", write_command_word},
    {"runtime", write_runtime},
    {"version", write_version},
    {"pid", write_pid},
    {"aliases", write_aliases},
    {"missing", write_missing},
    {"model", write_model},
    {"needed", write_needed},
    {"switches", write_switches},
    {"others", write_others},
    {"qwen_model", write_qwen_model},
    {"qwen_hidden", write_qwen_hidden},
    {"agent_hidden", write_agent_hidden},
    {"agent_checked", write_agent_checked},
    {"agent_base_error", write_agent_base_error},
    {"agent_key_error", write_agent_key_error},
    {"login_hidden", write_login_hidden},
    {"login_file", write_login_file},
    {"config", write_config},
    {"config_from", write_config_from},
    {"config_error", write_config_error},
    {"variables", write_variables},
    {"warnings", write_warnings},
};

bool page_load(struct template *page, const char *folder, struct buf *error)
{
    return template_load(page, folder, "page.html", slots, sizeof slots / sizeof *slots, error);
}

void page_write(const struct template *page, const struct session *session, const struct refusal *why, const char *note,
                struct buf *out)
{
    struct page_form form;
    page_form_open(&form, session->settings.config);
    template_write(page, &(struct view){session, why, note, &form}, out);
    page_form_free(&form);
}
