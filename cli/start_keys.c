/* The variables that a start passes to the proxy. */
#include "cli/start_keys.h"

#include "cli/ask.h"
#include "cli/terminal.h"
#include "common/json.h"
#include "common/secret.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GIVEN_MAX (16u << 10) /* bytes of all names and values */

void start_keys_init(struct start_keys *keys)
{
    *keys = (struct start_keys){0};
    buf_init(&keys->given, GIVEN_MAX);
}

void start_keys_free(struct start_keys *keys)
{
    config_variables_free(&keys->wanted);
    buf_wipe(&keys->given);
}

/* Whether the bytes form a valid name of a variable. */
static bool is_name(struct slice name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!((name.ptr[i] >= 'A' && name.ptr[i] <= 'Z') || (name.ptr[i] >= 'a' && name.ptr[i] <= 'z') ||
              name.ptr[i] == '_' || (i && name.ptr[i] >= '0' && name.ptr[i] <= '9')))
            return false;
    return name.len > 0;
}

/* Reserves all space at once: a buffer that grows leaves copies of keys in memory. */
static bool add_given(struct start_keys *keys, enum start_origin origin, struct slice name, struct slice value)
{
    return (keys->given.cap || buf_reserve(&keys->given, GIVEN_MAX - 1)) && buf_add_char(&keys->given, (char)origin) &&
           buf_add_slice(&keys->given, name) && buf_add_char(&keys->given, '=') && buf_add_slice(&keys->given, value) &&
           buf_add_char(&keys->given, '\0');
}

bool start_keys_set(struct start_keys *keys, enum start_origin origin, const char *name, struct slice value)
{
    return add_given(keys, origin, slice_of(name), value);
}

static bool read_lines(struct start_keys *keys, struct slice text, struct buf *error)
{
    for (unsigned number = 1; text.len; number++) {
        const char *end = memchr(text.ptr, '\n', text.len);
        struct slice line = {text.ptr, end ? (size_t)(end - text.ptr) : text.len};
        text.ptr += line.len + (end != NULL);
        text.len -= line.len + (end != NULL);
        if (line.len && line.ptr[line.len - 1] == '\r')
            line.len--;
        line = slice_trim(line);
        if (!line.len || line.ptr[0] == '#')
            continue;
        const char *equals = memchr(line.ptr, '=', line.len);
        struct slice name = {line.ptr, equals ? (size_t)(equals - line.ptr) : 0};
        if (!is_name(name) || memchr(line.ptr, '\0', line.len)) {
            buf_add_format(error, "--keys-fd: line %u is not NAME=value", number);
            return false;
        }
        if (!add_given(keys, START_FROM_FD, name, (struct slice){equals + 1, line.len - name.len - 1})) {
            BUF_ADD(error, "--keys-fd: too much input");
            return false;
        }
    }
    return true;
}

bool start_keys_read(struct start_keys *keys, int fd, struct buf *error)
{
    struct buf text;
    buf_init(&text, GIVEN_MAX);
    ssize_t len = buf_reserve(&text, GIVEN_MAX - 1) ? 1 : -1;
    while (len > 0 && text.len < GIVEN_MAX - 1)
        if ((len = read(fd, text.data + text.len, GIVEN_MAX - 1 - text.len)) > 0)
            text.len += (size_t)len;
    bool read_all = len == 0;
    if (len < 0)
        buf_add_format(error, "--keys-fd %d: %s", fd, strerror(errno));
    else if (!read_all)
        BUF_ADD(error, "--keys-fd: too much input");
    read_all = read_all && read_lines(keys, buf_slice(&text), error);
    buf_wipe(&text);
    return read_all;
}

/* The last entry given for this name, behind its origin; NULL: none. */
static const char *find_given(const struct start_keys *keys, const char *name)
{
    const char *found = NULL, *at = keys->given.data, *end = at + keys->given.len;
    size_t len = strlen(name);
    for (; at && at < end; at += strlen(at + 1) + 2)
        if (strncmp(at + 1, name, len) == 0 && at[1 + len] == '=')
            found = at + 1;
    return found;
}

static const char *value_of(const struct start_keys *keys, const char *name)
{
    const char *given = find_given(keys, name), *value = given ? given + strlen(name) + 1 : getenv(name);
    return value && *value ? value : NULL;
}

static const char *look_up(const char *name, void *ctx)
{
    return value_of(ctx, name);
}

bool start_keys_learn(struct start_keys *keys, const char *path, struct buf *error)
{
    if (!secret_init()) {
        BUF_ADD(error, "can't get random bytes from the system");
        return false;
    }
    bool loaded = config_variables_learn(&keys->wanted, path, look_up, keys, NULL, error);
    keys->enough = loaded && keys->wanted.ready_groups > 0;
    return loaded;
}

bool start_keys_fit(const struct start_keys *keys, struct buf *name)
{
    const char *at = keys->given.data, *end = at + keys->given.len;
    for (; at && at < end; at += strlen(at + 1) + 2) {
        struct slice given = {at + 1, strcspn(at + 1, "=")};
        if (!config_variables_has(&keys->wanted, given)) {
            buf_add_slice(name, given);
            return false;
        }
    }
    return true;
}

bool start_keys_is_key(const char *name)
{
    static const char *const ends[] = {"KEY", "TOKEN", "SECRET"};
    size_t len = strlen(name);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (len >= strlen(ends[i]) && strcmp(name + len - strlen(ends[i]), ends[i]) == 0)
            return true;
    return false;
}

void start_keys_ask(struct start_keys *keys)
{
    struct buf answer, question;
    buf_init(&answer, 4096);
    buf_init(&question, 512);
    for (unsigned i = 0; i < keys->wanted.count; i++) {
        bool idle = strncmp(keys->wanted.names[i], "CODEX_AGENT_", 12) == 0 &&
                    !value_of(keys, "LITELLM_ENABLE_CODEX_AGENT");
        if (idle || !start_keys_is_key(keys->wanted.names[i]) || value_of(keys, keys->wanted.names[i]))
            continue;
        buf_clear(&question);
        buf_add_format(&question, "%s (Enter: none): ", keys->wanted.names[i]);
        buf_clear(&answer);
        if (!buf_reserve(&answer, 4095) || !ask_secret(buf_text(&question), &answer))
            break;
        if (answer.len && !start_keys_set(keys, START_FROM_PROMPT, keys->wanted.names[i], buf_slice(&answer)))
            break;
    }
    static const char qwen[] = "USE_LOCAL_QWEN";
    if (config_variables_has(&keys->wanted, slice_of(qwen)) && !value_of(keys, qwen) &&
        ask_yes("Use local Qwen on Ollama (y/N)? ") && !start_keys_set(keys, START_FROM_PROMPT, qwen, SLICE("1")))
        warn("too many keys: local Qwen is not used");
    buf_wipe(&answer);
    buf_free(&question);
}

bool start_keys_json(const struct start_keys *keys, struct buf *json, struct buf *names)
{
    for (unsigned i = 0; i < keys->wanted.count; i++) {
        const char *value = value_of(keys, keys->wanted.names[i]);
        if (!value)
            continue;
        json_add_key(json, keys->wanted.names[i]);
        json_add_string(json, slice_of(value));
        buf_add_format(names, "%s%s", names->len ? ", " : "", keys->wanted.names[i]);
    }
    return !json->failed && !names->failed;
}

void start_keys_sources(const struct start_keys *keys, struct buf *out)
{
    static const char *const origins[] = {
        [START_FROM_FD] = "keys-fd",
        [START_FROM_PROMPT] = "prompt",
        [START_FROM_OPTION] = "option",
    };
    for (unsigned i = 0; i < keys->wanted.count; i++) {
        const char *name = keys->wanted.names[i], *given = find_given(keys, name);
        if (value_of(keys, name))
            buf_add_format(out, "%s%s:%s", out->len ? "," : "", name,
                           given ? origins[(unsigned char)given[-1]] : "environment");
    }
}
