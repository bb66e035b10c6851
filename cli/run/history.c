/* Reads log records and formats their values. */
#include "cli/run/history.h"

#include "cli/run/request_log.h"
#include "common/paths.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

char *history_path(const char *file)
{
    char *home = paths_codex_home(), *logs = home ? paths_join(home, "logs") : NULL;
    char *path = logs ? paths_join(logs, file) : NULL;
    free(logs);
    free(home);
    return path;
}

bool history_next(struct lines *lines, struct json *json, struct slice *line)
{
    while (lines_next(lines, line))
        if (json_parse(json, line->ptr, line->len) && json_type(json, 0) == JSON_OBJECT)
            return true;
    return false;
}

void history_text(const struct json *json, uint32_t object, const char *key, struct buf *out)
{
    size_t start = out->len;
    (void)json_unescape(json, json_get(json, object, key), out);
    for (size_t i = start; i < out->len; i++)
        if ((unsigned char)out->data[i] < 0x20 || out->data[i] == 0x7f)
            out->data[i] = '?';
}

double history_number(const struct json *json, uint32_t object, const char *key)
{
    double value;
    return json_double(json, json_get(json, object, key), &value) ? value : NAN;
}

double history_round_usd(double usd, double whole)
{
    return fabs(usd) <= 1e-9 * fabs(whole) ? 0 : usd;
}

void history_money(double usd, struct buf *out)
{
    if (!isfinite(usd))
        BUF_ADD(out, "-");
    else if (fabs(usd) < 0.00005 && usd != 0)
        buf_add_format(out, "%s$%.2g", usd < 0 ? "-" : "", fabs(usd));
    else
        buf_add_format(out, "%s$%.4f", usd < 0 ? "-" : "", fabs(usd));
}

void history_time(const struct json *json, struct buf *out)
{
    int64_t time_ms;
    char text[32];
    struct tm local;
    time_t second;
    if (!request_log_time(json, &time_ms)) {
        history_text(json, 0, "timestamp", out);
        return;
    }
    second = (time_t)(time_ms / 1000);
    if (localtime_r(&second, &local) && strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local))
        buf_add_text(out, text);
}
