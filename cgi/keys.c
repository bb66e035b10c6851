/* The fields of a start, and the checks of their values. Pure. */
#include "cgi/keys.h"

#include "common/secret.h"
#include "common/url.h"
#include "proxy/terms/provider.h"

#include <string.h>

#define SOURCES "sources"
#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct {
    const char *name;
    const char *alias;
    bool enough; /* the key alone makes an alias ready */
} key_table[KEY_COUNT] = {
    [KEY_OPENAI] = {"OPENAI_API_KEY", NULL, true},
    [KEY_GEMINI] = {"GEMINI_API_KEY", NULL, true},
    [KEY_HF] = {"HF_TOKEN", "HUGGINGFACE_API_KEY", false},
    [KEY_CODEX_AGENT] = {"CODEX_AGENT_API_KEY", NULL, false},
};

static const struct {
    const char *name;
    const char *variable;
} choice_table[CHOICE_COUNT] = {
    [CHOICE_LOCAL_QWEN] = {"USE_LOCAL_QWEN", "USE_LOCAL_QWEN"},
    [CHOICE_CHATGPT_LOGIN] = {"USE_CHATGPT_LOGIN", "USE_CHATGPT_LOGIN"},
    [CHOICE_CODEX_AGENT] = {"LITELLM_ENABLE_CODEX_AGENT", "LITELLM_ENABLE_CODEX_AGENT"},
    [CHOICE_DEMO] = {"DEMO", "POINTSMAN_DEMO"},
};

const char *key_name(enum key key)
{
    return key_table[key].name;
}

const char *key_alias(enum key key)
{
    return key_table[key].alias;
}

/* Returns whether a variable of that name has a field of its own. */
static bool is_field(struct slice name)
{
    for (unsigned key = 0; key < KEY_COUNT; key++)
        if (slice_is(name, key_table[key].name))
            return true;
    for (unsigned choice = 0; choice < CHOICE_COUNT; choice++)
        if (slice_is(name, choice_table[choice].name))
            return true;
    return slice_is(name, AGENT_BASE_NAME);
}

bool keys_is_option(struct slice name)
{
    for (unsigned choice = 0; choice < CHOICE_COUNT; choice++)
        if (slice_is(name, choice_table[choice].name))
            return true;
    return slice_is(name, AGENT_BASE_NAME) || slice_is(name, key_table[KEY_CODEX_AGENT].name) ||
           slice_is(name, "token") || slice_is(name, SOURCES) || serve_options_has(name);
}

const char *choice_variable(enum choice choice)
{
    return choice_table[choice].variable;
}

/* Refuses a key that begins like another provider's, because it would be sent to the wrong company. Any key is accepted
 * for a server of the user's, and "sk-" for a provider whose keys have no known beginning: many begin so. */
static bool check_owner(const char *name, struct slice value, const struct config_variables *named, struct refusal *why)
{
    static const struct provider ours = {.title = "pointsman", .key_start = "sk-local-"};
    const struct provider *owner = provider_of_key(slice_of(name)), *found = provider_by_key_start(value);
    if (slice_starts(value, ours.key_start))
        found = &ours;
    if (!owner || !owner->api_base || owner->local || !found || found == owner ||
        (!owner->key_start && strcmp(found->key_start, "sk-") == 0))
        return true;
    const char *field = found->key_env[0];
    if (field && (is_field(slice_of(field)) || config_variables_has(named, slice_of(field))))
        return refuse_field(why, name, "wrong_provider",
                            "The key in %s begins with \"%s\": that is a key of %s. Put it into %s.", name,
                            found->key_start, found->title, field);
    return refuse_field(why, name, "wrong_provider",
                        "The key in %s begins with \"%s\": that is a key of %s, not of %s.", name, found->key_start,
                        found->title, owner->title);
}

/* Removes white space at both ends: a key that was pasted or read from a file often ends in a line break. */
static struct slice trim(struct slice text)
{
    static const char white[] = " \t\r\n";
    for (; text.len && strchr(white, text.ptr[0]); text.len--)
        text.ptr++;
    while (text.len && strchr(white, text.ptr[text.len - 1]))
        text.len--;
    return text;
}

static bool read_key(enum key key, const struct field *field, const struct config_variables *named, struct keys *out,
                     struct refusal *why)
{
    const char *name = key_table[key].name;
    if (field->kind != FIELD_TEXT)
        return refuse_field(why, name, "invalid_key", "%s must be a string.", name);
    struct slice value = trim(field->value);
    if (value.len > KEY_MAX_LEN)
        return refuse_field(why, name, "invalid_key", "The key in %s is longer than %d characters.", name, KEY_MAX_LEN);
    if (!secret_is_clean(value))
        return refuse_field(why, name, "invalid_key",
                            "The key in %s contains a space, a line break or another character that keys do not have. "
                            "Enter only the key.",
                            name);
    out->value[key] = value;
    return check_owner(name, value, named, why);
}

/* check_agent() checks it when all fields are known, because it counts only if codex-agent is chosen. */
static bool read_agent_base(const struct field *field, struct keys *out, struct refusal *why)
{
    if (field->kind != FIELD_TEXT)
        return refuse_field(why, AGENT_BASE_NAME, "invalid_base", AGENT_BASE_NAME " must be a string.");
    out->agent_base = trim(field->value);
    return true;
}

static bool check_agent(struct keys *keys, struct refusal *why)
{
    struct url url;
    if (!keys->chosen[CHOICE_CODEX_AGENT]) {
        keys->value[KEY_CODEX_AGENT] = keys->agent_base = (struct slice){"", 0};
        return true;
    }
    if (keys->agent_base.len == 0)
        return refuse_field(why, AGENT_BASE_NAME, "missing_base",
                            "codex-agent needs the base URL of its server, such as http://127.0.0.1:8788.");
    if (keys->agent_base.len > KEY_MAX_LEN || !url_split(keys->agent_base, &url))
        return refuse_field(why, AGENT_BASE_NAME, "invalid_base", "The base URL of codex-agent must be " URL_FORM ".");
    if (!url.tls && !url_is_loopback(&url))
        return refuse_field(why, AGENT_BASE_NAME, "insecure_base",
                            "The base URL of codex-agent sends requests to another machine unencrypted. Use https://, "
                            "or http:// on this machine.");
    return true;
}

static bool read_choice(const char *name, const struct field *field, bool *flag, struct refusal *why)
{
    *flag = field->kind == FIELD_TRUE || (field->kind == FIELD_TEXT && slice_is(field->value, "1"));
    if (*flag || field->kind == FIELD_FALSE || field->value.len == 0 || slice_is(field->value, "0"))
        return true;
    return refuse_field(why, name, "invalid_flag", "%s must be true or false (in a form: 1 or absent).", name);
}

bool keys_is_secret(struct slice name)
{
    static const char *const plain[] = {"_BASE", "_URL", "_HOST", "_RETRIES", "_REGION", "_VERSION", "_PROJECT"};
    for (size_t i = 0; i < COUNT(plain); i++) {
        size_t len = strlen(plain[i]);
        if (name.len > len && memcmp(name.ptr + name.len - len, plain[i], len) == 0)
            return false;
    }
    return true;
}

/* Reads a variable of the configuration, which has this name. */
static bool read_variable(const char *name, const struct field *field, const struct config_variables *named,
                          struct keys *out, struct refusal *why)
{
    struct slice value = field->kind == FIELD_TRUE ? SLICE("1") : trim(field->value);
    if (value.len > KEY_MAX_LEN)
        return refuse_field(why, name, "invalid_key", "The value of %s is longer than %d characters.", name,
                            KEY_MAX_LEN);
    for (size_t i = 0; i < value.len; i++)
        if ((unsigned char)value.ptr[i] < ' ' || value.ptr[i] == 0x7f)
            return refuse_field(why, name, "invalid_key",
                                "The value of %s contains a line break or another control character.", name);
    if (value.len)
        out->variables[out->variable_count++] = (struct variable){field->name, value};
    return check_owner(name, value, named, why);
}

static bool refuse_unknown(const struct config_variables *named, struct refusal *why)
{
    struct buf known;
    buf_init(&known, 1500); /* bytes; must fit into a refusal's message */
    for (unsigned key = 0; key < KEY_COUNT; key++)
        buf_add_format(&known, "%s, ", key_table[key].name);
    for (unsigned choice = 0; choice < CHOICE_COUNT; choice++)
        buf_add_format(&known, "%s, ", choice_table[choice].name);
    for (unsigned i = 0; i < named->count; i++)
        if (!is_field(slice_of(named->names[i])))
            buf_add_format(&known, "%s, ", named->names[i]);
    refuse(why, 400, "unknown_field",
           "The request has an unknown field, which is not a variable of the configuration either. "
           "Known: %.*s" AGENT_BASE_NAME ", " SERVE_FIELDS ".",
           SLICE_ARGS(buf_slice(&known)));
    buf_free(&known);
    return false;
}

static bool read_field(const struct field *field, const struct config_variables *named, struct keys *out,
                       struct refusal *why)
{
    bool taken;
    for (unsigned key = 0; key < KEY_COUNT; key++)
        if (slice_is(field->name, key_table[key].name))
            return read_key((enum key)key, field, named, out, why);
    for (unsigned choice = 0; choice < CHOICE_COUNT; choice++)
        if (slice_is(field->name, choice_table[choice].name))
            return read_choice(choice_table[choice].name, field, &out->chosen[choice], why);
    if (slice_is(field->name, AGENT_BASE_NAME))
        return read_agent_base(field, out, why);
    if (slice_is(field->name, "token"))
        return true;
    if (slice_is(field->name, SOURCES)) {
        out->sources = field->value;
        return true;
    }
    if (!serve_options_read(field, &out->serving, &taken, why))
        return false;
    if (taken)
        return true;
    int index = config_variables_find(named, field->name);
    if (index >= 0)
        return read_variable(named->names[index], field, named, out, why);
    if (slice_starts(field->name, "QWEN_API_"))
        return refuse(why, 400, "qwen_key_refused",
                      "%.*s is not accepted: local Qwen runs in Ollama and needs neither a key nor a base URL. "
                      "Set USE_LOCAL_QWEN instead.",
                      (int)(field->name.len > 64 ? 64 : field->name.len), field->name.ptr);
    return refuse_unknown(named, why);
}

/* In the shipped configuration, a Hugging Face token leaves the main aliases without any deployment. */
static bool hf_is_enough(const struct config_variables *named)
{
    return named->ready_groups && !config_variables_has(named, SLICE("OPENAI_API_KEY")) &&
           !config_variables_has(named, SLICE("GEMINI_API_KEY"));
}

/* Returns whether an alias can be ready: a key or an option is enough alone, or variables of the configuration make one
 * ready, or all aliases are ready without any. */
static bool is_enough(const struct keys *keys, const struct config_variables *named)
{
    if (named->ready_groups && (keys->variable_count || named->ready_groups == named->groups))
        return true;
    for (unsigned key = 0; key < KEY_COUNT; key++)
        if (keys->value[key].len && (key_table[key].enough || (key == KEY_HF && hf_is_enough(named))))
            return true;
    for (unsigned choice = 0; choice < CHOICE_COUNT; choice++)
        if (keys->chosen[choice])
            return true;
    return false;
}

static bool refuse_nothing(const struct config_variables *named, bool hf, struct refusal *why)
{
    struct buf list;
    buf_init(&list, 1500); /* bytes; must fit into a refusal's message */
    for (unsigned i = 0; i < named->count; i++) {
        enum variable_use use = named->purposes[i].use;
        bool weak = (strcmp(named->names[i], key_table[KEY_HF].name) == 0 && !hf_is_enough(named)) ||
                    strcmp(named->names[i], key_table[KEY_CODEX_AGENT].name) == 0;
        if (use == VARIABLE_SWITCH || (use == VARIABLE_KEY && !weak))
            buf_add_format(&list, "%s, ", named->names[i]);
    }
    refuse(why, 400, "no_usable_key", "Nothing to route to yet. One of these is needed: %.*sDEMO.%s",
           SLICE_ARGS(buf_slice(&list)), hf ? " A Hugging Face token alone is not enough." : "");
    buf_free(&list);
    return false;
}

bool keys_read(const struct fields *fields, const struct config_variables *named, struct keys *out, struct refusal *why)
{
    *out = (struct keys){0};
    for (size_t i = 0; i < fields->count; i++) {
        for (size_t before = 0; before < i; before++)
            if (slice_equal(fields->list[before].name, fields->list[i].name))
                return refuse(why, 400, "invalid_body", "A field is given twice.");
        if (!read_field(&fields->list[i], named, out, why))
            return false;
    }
    if (!check_agent(out, why))
        return false;
    return is_enough(out, named) || refuse_nothing(named, out->value[KEY_HF].len > 0, why);
}
