/* log: one line per message on standard error, redacted; with priority prefixes under systemd's journal. */
#ifndef POINTSMAN_LOG_H
#define POINTSMAN_LOG_H

#include "common/buf.h"

enum log_level { LOG_LEVEL_ERROR = 3, LOG_LEVEL_WARNING = 4, LOG_LEVEL_INFO = 6, LOG_LEVEL_DEBUG = 7 };

/* The program's name as it begins each line, and the most talkative level that is printed. Call once, first. */
void log_open(const char *program, enum log_level most);
/* Each prints "program: level: message\n" in one write(2), at most 2 KB, control characters replaced, secrets redacted
 * (see secret.h). */
void log_error(const char *format, ...) PRINTF_LIKE(1, 2);
void log_warning(const char *format, ...) PRINTF_LIKE(1, 2);
void log_info(const char *format, ...) PRINTF_LIKE(1, 2);
void log_debug(const char *format, ...) PRINTF_LIKE(1, 2);

#endif
