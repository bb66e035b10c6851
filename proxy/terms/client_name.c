/* pure: the client's name and version, from its User-Agent. */
#include "proxy/terms/client_name.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_plain(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || memchr("._+-", c, 4);
}

/* Takes the plain characters at the start. false: none, too many, or others follow than `ends` or the end. */
static bool take(struct slice *text, const char *ends, struct slice *taken, size_t most)
{
    *taken = (struct slice){text->ptr, 0};
    while (taken->len < text->len && is_plain(text->ptr[taken->len]))
        taken->len++;
    *text = (struct slice){text->ptr + taken->len, text->len - taken->len};
    return taken->len && taken->len <= most && (!text->len || strchr(ends, *text->ptr));
}

static void skip(struct slice *text)
{
    text->ptr++;
    text->len--;
}

static void copy(char *out, struct slice text)
{
    memcpy(out, text.ptr, text.len);
    out[text.len] = '\0';
}

void client_name_read(struct slice text, struct client_name *client)
{
    struct slice name, version;
    client->name[0] = client->version[0] = '\0';
    if (!take(&text, "/ ", &name, CLIENT_NAME_MAX))
        return;
    if (!text.len || *text.ptr == ' ') {
        copy(client->name, name);
        return;
    }
    skip(&text);
    if (!take(&text, " ", &version, CLIENT_VERSION_MAX))
        version.len = 0;
    if (version.len && !is_digit(*version.ptr) && text.len > 1 && is_digit(text.ptr[1]) &&
        name.len + version.len < CLIENT_NAME_MAX) { /* the version follows a name with a "/" */
        name.len += 1 + version.len;
        skip(&text);
        if (!take(&text, " ", &version, CLIENT_VERSION_MAX))
            version.len = 0;
    }
    copy(client->name, name);
    copy(client->version, version);
}
