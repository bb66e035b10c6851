/* pure: the built-in model that repeats the prompt, for a first run without a key. */
#include "proxy/bridge/content.h"
#include "proxy/bridge/relay.h"
#include "proxy/bridge/usage_write.h"
#include "proxy/terms/usage.h"

#define LABEL "codex-echo (no LLM): "
#define BEGIN(object) \
    "{\"id\":\"chatcmpl-echo\",\"object\":\"" object "\",\"created\":0,\"model\":\"codex-echo\",\"choices\":["

static const struct item *last_user_message(const struct turn *t)
{
    for (uint32_t i = t->item_count; i-- > 0;)
        if (t->items[i].kind == ITEM_MESSAGE && t->items[i].role == ROLE_USER && t->items[i].parts)
            return &t->items[i];
    return NULL;
}

static void write_text(const struct turn *t, struct buf *out)
{
    const struct item *message = last_user_message(t);
    BUF_ADD(out, LABEL);
    if (!message || !content_write_text(t, message, "\\n", true, out))
        BUF_ADD(out, "(the prompt has no text)");
}

static void write_usage(const struct turn *t, size_t reply_bytes, struct buf *out)
{
    struct usage usage = usage_estimate(turn_prompt_bytes(t), reply_bytes, 0);
    BUF_ADD(out, ",\"usage\":");
    usage_write(&usage, WIRE_CHAT, out);
}

bool echo_reply(const struct turn *t, bool stream, struct buf *out)
{
    size_t before = out->len;
    if (stream) {
        BUF_ADD(out, "data: " BEGIN(
                         "chat.completion.chunk") "{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"");
        write_text(t, out);
        BUF_ADD(out,
                "\"},\"finish_reason\":null}]}\n\n"
                "data: " BEGIN("chat.completion.chunk") "{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
                                                        "data: " BEGIN("chat.completion.chunk") "]");
        write_usage(t, out->len - before, out);
        BUF_ADD(out, "}\n\ndata: [DONE]\n\n");
    } else {
        BUF_ADD(out, BEGIN("chat.completion") "{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"");
        write_text(t, out);
        BUF_ADD(out, "\"},\"finish_reason\":\"stop\"}]");
        write_usage(t, out->len - before, out);
        BUF_ADD(out, "}");
    }
    return !out->failed;
}
