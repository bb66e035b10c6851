/* log: lines on standard error, redacted; with priority prefixes under systemd's journal. */
#ifndef POINTSMAN_LOG_H
#define POINTSMAN_LOG_H

#include "common/buf.h"

enum log_level { LOG_LEVEL_ERROR = 3, LOG_LEVEL_WARNING = 4, LOG_LEVEL_INFO = 6, LOG_LEVEL_DEBUG = 7 };

/* Sets the program's name, which starts each line, and the least severe level that is printed. Call first, once. */
void log_open(const char *program, enum log_level max);
/* These print "program: level: message" and a newline in one write(2), at most 2 KB. Control characters become spaces,
 * and secrets are redacted (secret.h). */
void log_error(const char *format, ...) PRINTF_LIKE(1, 2);
void log_warning(const char *format, ...) PRINTF_LIKE(1, 2);
void log_info(const char *format, ...) PRINTF_LIKE(1, 2);
void log_debug(const char *format, ...) PRINTF_LIKE(1, 2);

#endif
