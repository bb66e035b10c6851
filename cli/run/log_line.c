/* Recognizes log lines, their level and errors, by how they begin and by words in them. */
#include "cli/run/spans.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define BEGINNING 120u /* bytes to search for a level */

/* Matched anywhere, ignoring case. A false match is harmless: the line is kept. */
static const char *const TROUBLE[] = {
    "error",       "err!",        "fail",       "fatal",         "exception", "panic",       "traceback",
    "critical",    "emerg",       "severe",     "alert",         "abort",     "segfault",    "segmentation fault",
    "core dumped", "denied",      "refused",    "timeout",       "timed out", "unreachable", "not found",
    "no such",     "cannot",      "can't",      "could not",     "couldn't",  "unable to",   "undefined",
    "invalid",     "corrupt",     "killed",     "out of memory", "oom",       "warn",        "deadlock",
    "rejected",    "missing",     "unexpected", "caused by",     "erreur",    "echec",       "échec",
    "impossible",  "introuvable", "refusé",     "avertissement", "not ok",    "✗",           "✘",
    "❌",
};

static const char *const LEVELS[] = {
    "TRACE", "DEBUG", "VERBOSE",  "INFO", "NOTICE", "WARN", "WARNING",
    "ERROR", "FATAL", "CRITICAL", "ERR",  "DBG",    "INF",  "WRN",
};

/* How lines of common tools begin. */
static const char *const MARKS[] = {
    "npm ",
    "yarn ",
    "pnpm ",
    "Get:",
    "Hit:",
    "Ign:",
    "Fetched ",
    "Unpacking ",
    "Setting up ",
    "Selecting previously ",
    "Preparing to unpack",
    "Collecting ",
    "Requirement already satisfied",
    "Downloading ",
    "Downloaded ",
    "Installing ",
    "Successfully installed",
    "Using cached ",
    "Compiling ",
    "Building ",
    "Finished ",
    "Checking ",
    "Fetching ",
    "Resolving ",
    "Receiving objects:",
    "Counting objects:",
    "Compressing objects:",
    "remote: ",
    "Enumerating objects:",
    "Pulling ",
    "Step ",
    "> Task ",
    "=== RUN",
    "--- PASS",
    "--- FAIL",
    "--- SKIP",
    "PASS ",
    "FAIL ",
    "ok \t",
    "ok ",
    "not ok ",
    "make[",
    "level=",
    "time=",
    "ts=",
    "transforming",
    "transformed",
    "rendering chunks",
    "Progress",
    "[INFO]",
    "[WARN",
    "[ERROR]",
    "[DEBUG]",
};

static const char *const NOISE_MARKS[] = {
    "Downloading ",
    "Downloaded ",
    "Receiving objects:",
    "Counting objects:",
    "Compressing objects:",
    "Resolving deltas:",
    "remote: Counting",
    "remote: Compressing",
    "Enumerating objects:",
    "transforming",
    "transformed",
    "rendering chunks",
    "Progress",
    "Get:",
    "Hit:",
    "Unpacking ",
    "Preparing to unpack",
    "Selecting previously ",
    "Requirement already satisfied",
    "Using cached ",
    "npm http",
};

static const char *const NOISE_LEVELS[] = {"TRACE", "DEBUG", "VERBOSE", "DBG", "FINE", "FINER", "FINEST"};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static bool starts_with_one(struct slice s, const char *const *marks, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (slice_starts(s, marks[i]))
            return true;
    return false;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Whether one of the texts (lower case) occurs, ignoring case. */
static bool contains_one(struct slice s, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = lower(s.ptr[i]);
        for (size_t n = 0; n < count; n++) {
            size_t len;
            if (texts[n][0] == c && (len = strlen(texts[n])) <= s.len - i && strncasecmp(s.ptr + i, texts[n], len) == 0)
                return true;
        }
    }
    return false;
}

static bool contains(struct slice s, const char *text)
{
    return contains_one(s, &text, 1);
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Whether `word` occurs as a whole word, with this case. */
static bool has_word(struct slice s, const char *word)
{
    size_t len = strlen(word);
    for (size_t i = 0; i + len <= s.len; i++)
        if (memcmp(s.ptr + i, word, len) == 0 && (i == 0 || !is_word(s.ptr[i - 1])) &&
            (i + len == s.len || !is_word(s.ptr[i + len])))
            return true;
    return false;
}

/* Whether a level occurs near the start, in capitals or after "level=". */
static bool has_level(struct slice s, const char *const *levels, size_t count)
{
    struct slice beginning = {s.ptr, s.len < BEGINNING ? s.len : BEGINNING};
    for (size_t i = 0; i < count; i++) {
        char pair[32] = "level=", json[40] = "\"level\":\"";
        size_t a = strlen(pair), b = strlen(json);
        if (has_word(beginning, levels[i]))
            return true;
        for (const char *c = levels[i]; *c; c++)
            pair[a++] = json[b++] = lower(*c);
        if (contains(beginning, pair) || contains(beginning, json))
            return true;
    }
    return false;
}

/* Whether `s` starts with the shape: "0" is any digit, "?" any character. */
static bool looks_like(struct slice s, const char *shape)
{
    size_t len = strlen(shape);
    if (s.len < len)
        return false;
    for (size_t i = 0; i < len; i++) {
        bool digit = isdigit((unsigned char)s.ptr[i]);
        if (shape[i] == '0' ? !digit : shape[i] != '?' && shape[i] != s.ptr[i])
            return false;
    }
    return true;
}

static bool starts_with_time(struct slice s)
{
    static const char *const SHAPES[] = {
        "0000-00-00", "0000/00/00", "00:00:00",  "00/00/0000 ", "00-00-0000 ", "00.00.0000 ",  "I0000 00:",
        "W0000 00:",  "E0000 00:",  "D0000 00:", "00000000T00", "0000.000",    "00000000-00:",
    };
    static const char MONTHS[] = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec ";
    while (s.len && (*s.ptr == '[' || *s.ptr == '(' || *s.ptr == ' ' || *s.ptr == '#'))
        s = (struct slice){s.ptr + 1, s.len - 1};
    for (size_t i = 0; i < COUNT(SHAPES); i++)
        if (looks_like(s, SHAPES[i]))
            return true;
    for (const char *month = MONTHS; s.len > 15 && *month; month += 4)
        if (memcmp(s.ptr, month, 4) == 0 && isdigit((unsigned char)s.ptr[5]))
            return true;
    return false;
}

/* Counters of kernels and builds: "[  12.345678] ", "[12/345] ", "#12 0.345 ", "00.000s ". */
static bool starts_with_counter(struct slice s)
{
    size_t i = 0, digits = 0;
    bool bracket = s.len && *s.ptr == '[';
    if (!bracket && !(s.len && *s.ptr == '#'))
        return false;
    for (i = 1; i < s.len && (isdigit((unsigned char)s.ptr[i]) || strchr(" ./%", s.ptr[i])); i++)
        digits += isdigit((unsigned char)s.ptr[i]) != 0;
    return digits >= 2 && (bracket ? i < s.len && s.ptr[i] == ']' : i > 3 && s.ptr[i - 1] == ' ');
}

/* The common log format: a client's address, then a time in brackets. */
static bool is_access_log(struct slice s)
{
    const char *bracket = memchr(s.ptr, '[', s.len);
    return s.len > 20 && isxdigit((unsigned char)*s.ptr) && bracket && bracket - s.ptr < 80 && contains(s, "\" ") &&
           memmem(s.ptr, s.len, "HTTP/", 5);
}

/* "██████ 45%", "45% |####   |" */
static bool is_progress(struct slice s)
{
    const char *percent = memchr(s.ptr, '%', s.len);
    if (!percent || percent == s.ptr || !isdigit((unsigned char)percent[-1]))
        return false;
    return memmem(s.ptr, s.len, "###", 3) || memmem(s.ptr, s.len, "===", 3) || memmem(s.ptr, s.len, "...", 3) ||
           memmem(s.ptr, s.len, "\xe2\x96\x88", 3) || memmem(s.ptr, s.len, "\xe2\x94\x81", 3) || contains(s, "B/s");
}

struct log_look log_line_look(struct slice plain)
{
    struct slice s = slice_trim(plain);
    struct slice first = {s.ptr, s.len < 12 ? s.len : 12};
    struct log_look look = {0};
    if (!s.len)
        return look;
    bool json = slice_starts(s, "{\"") && (contains(s, "\"level\"") || contains(s, "\"msg\""));
    look.noise = starts_with_one(s, NOISE_MARKS, COUNT(NOISE_MARKS)) || is_progress(s);
    look.log = look.noise || json || starts_with_time(s) || starts_with_counter(s) || is_access_log(s) ||
               starts_with_one(s, MARKS, COUNT(MARKS)) || has_level(first, LEVELS, COUNT(LEVELS));
    look.trouble = contains_one(s, TROUBLE, COUNT(TROUBLE)) || (is_access_log(s) && contains(s, "\" 5"));
    look.noise = !look.trouble && (look.noise || (look.log && has_level(s, NOISE_LEVELS, COUNT(NOISE_LEVELS))));
    return look;
}

bool log_line_continues(struct slice plain)
{
    static const char *const MARKS_OF_TRACES[] = {"Caused by",       "Traceback", "goroutine ",
                                                  "stack traceback", "note: ",    "help: "};
    return (plain.len && (*plain.ptr == ' ' || *plain.ptr == '\t')) ||
           starts_with_one(plain, MARKS_OF_TRACES, COUNT(MARKS_OF_TRACES));
}
