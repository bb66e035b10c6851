/* pure: except for reading the system's time zones. */
#include "proxy/keys/periods.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#define VARIABLE "TZ" /* as it was, afterwards */
#define FOLDER "/usr/share/zoneinfo/"
#define DAY 86400
#define FROM_S ((int64_t)1577836800) /* 2020-01-01 */
#define TO_S ((int64_t)2840140800)   /* 2060-01-01 */

static bool is_zone(const char *name)
{
    static const char *const PLAIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";
    char path[sizeof FOLDER + KEY_ZONE_MAX];
    struct stat info;
    size_t len = strlen(name);
    if (len == 0 || len > KEY_ZONE_MAX || name[0] == '/' || strspn(name, PLAIN) != len)
        return false;
    memcpy(path, FOLDER, sizeof FOLDER - 1);
    memcpy(path + sizeof FOLDER - 1, name, len + 1);
    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

static int32_t offset_at(int64_t unix_s)
{
    time_t t = (time_t)unix_s;
    struct tm parts;
    return localtime_r(&t, &parts) ? (int32_t)parts.tm_gmtoff : 0;
}

/* Finds the changes of the zone that TZ names. No zone changes twice within a day. */
static void scan(struct zone *out)
{
    out->count = 1;
    out->changes[0].from_s = INT64_MIN / 2;
    out->changes[0].offset_s = offset_at(FROM_S);
    for (int64_t day = FROM_S; day < TO_S && out->count < ZONE_CHANGES_MAX; day += DAY) {
        int64_t before = day, after = day + DAY;
        if (offset_at(before) == offset_at(after))
            continue;
        while (after - before > 1) {
            int64_t middle = (before + after) / 2;
            *(offset_at(middle) == offset_at(day) ? &before : &after) = middle;
        }
        out->changes[out->count].from_s = after;
        out->changes[out->count++].offset_s = offset_at(after);
    }
}

bool zone_load(const char *name, struct zone *out)
{
    const char *now = getenv(VARIABLE);
    char *old = now ? strdup(now) : NULL;
    bool ok = is_zone(name) && (!now || old) && setenv(VARIABLE, name, 1) == 0;
    if (ok) {
        tzset();
        scan(out);
        (void)(old ? setenv(VARIABLE, old, 1) : unsetenv(VARIABLE));
        tzset();
    }
    free(old);
    return ok;
}
