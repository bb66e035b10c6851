/* pure. The session log: general_settings.telemetry.session. */
#include "proxy/config/private.h"

#include <string.h>

#define WHAT "general_settings.telemetry."

void config_session_log(struct config_loader *l)
{
    const struct schema_text *t = &l->settings.session_file;
    if (!t->text || !*t->text)
        return;
    if (!log_files_session_name(t->text))
        config_error(l, t->line,
                     WHAT "session.file: \"%.64s\": expected a file name such as session.jsonl, of no other log",
                     t->text);
    else if (l->config->log_files <= LOG_FILES_MIN)
        config_error(l, t->line, WHAT "max_files: with a session log, at least %d", LOG_FILES_MIN + 1);
    else
        memcpy(l->config->session_file, t->text, strlen(t->text) + 1);
}
