/* pure: builds a reply from an upstream's events. */
#include "proxy/bridge/carrier.h"
#include "proxy/bridge/dialect.h"
#include "proxy/bridge/reply_private.h"

#include <stdlib.h>
#include <string.h>

void reply_set_id(struct reply *r, const char *prefix, struct slice id)
{
    size_t before = strlen(prefix), len = id.len < sizeof r->id - before ? id.len : sizeof r->id - before - 1;
    memcpy(r->id, prefix, before);
    if (len)
        memcpy(r->id + before, id.ptr, len);
    r->id[before + len] = '\0';
}

void reply_init(struct reply *r, const struct relay_options *options, struct buf *out)
{
    *r = (struct reply){.options = options, .out = out, .text_at = NO_OUTPUT, .usage = USAGE_UNKNOWN};
    r->client = dialect_of(options->client_wire);
    r->upstream = dialect_of(options->upstream_wire);
    r->writer = r->client->writer;
    reply_set_id(r, "resp_", slice_of(options->response_id));
    buf_init(&r->scratch, REPLY_MAX);
    buf_init(&r->id_of_next, REPLY_MAX);
    buf_init(&r->echo, REPLY_MAX);
}

void reply_free(struct reply *r)
{
    for (uint32_t i = 0; i < r->count; i++) {
        buf_free(&r->outputs[i].text);
        buf_free(&r->outputs[i].state);
        buf_free(&r->outputs[i].id);
        buf_free(&r->outputs[i].raw);
        buf_free(&r->outputs[i].names);
    }
    free(r->outputs);
    buf_free(&r->scratch);
    buf_free(&r->id_of_next);
    buf_free(&r->echo);
    json_free(&r->json);
}

void reply_add_raw(struct buf *out, struct slice raw)
{
    size_t at = out->len;
    if (!buf_add_slice(out, raw))
        return;
    for (; at < out->len; at++)
        if (out->data[at] == '\n' || out->data[at] == '\r')
            out->data[at] = ' ';
}

static bool streams(const struct reply *r)
{
    return r->options->client_stream;
}

struct output *reply_add_output(struct reply *r, enum output_kind kind)
{
    r->too_many |= r->count == OUTPUTS_MAX;
    if (r->too_many)
        return NULL;
    if (r->count == r->cap) {
        uint32_t cap = r->cap ? r->cap * 2 : 2;
        struct output *outputs = realloc(r->outputs, cap * sizeof *outputs);
        if (!outputs) {
            r->out->failed = true;
            return NULL;
        }
        r->outputs = outputs;
        r->cap = cap;
    }
    struct output *o = &r->outputs[r->count];
    *o = (struct output){.kind = kind, .index = r->count++, .open = true};
    buf_init(&o->text, REPLY_MAX);
    buf_init(&o->state, REPLY_MAX);
    o->id = r->id_of_next;
    buf_init(&r->id_of_next, REPLY_MAX);
    buf_init(&o->raw, REPLY_MAX);
    buf_init(&o->names, REPLY_MAX);
    return o;
}

void reply_fail_with(struct reply *r, const struct output *o)
{
    buf_fail_with(r->out, &o->text);
    buf_fail_with(r->out, &o->state);
    buf_fail_with(r->out, &o->id);
    buf_fail_with(r->out, &o->raw);
    buf_fail_with(r->out, &o->names);
    buf_fail_with(r->out, &r->scratch);
}

void reply_begin_output(struct reply *r, struct output *o)
{
    if (!streams(r))
        return;
    if (!r->begun)
        r->writer->begin(r);
    r->begun = true;
    r->writer->item_begin(r, o);
}

void reply_write_more(struct reply *r, struct output *o, struct slice text)
{
    if (streams(r) && text.len)
        r->writer->item_more(r, o, text);
}

void reply_end_output(struct reply *r, struct output *o)
{
    if (!o->open || o->dropped)
        return;
    if (o->held[0]) { /* an unpaired half: replace it with U+FFFD */
        size_t before = o->text.len;
        BUF_ADD(&o->text, "\\ufffd");
        o->held[0] = '\0';
        reply_write_more(r, o, (struct slice){o->text.data + before, o->text.len - before});
    }
    if (o->kind == OUTPUT_CALL)
        reply_end_call(r, o);
    reply_fail_with(r, o);
    o->open = false;
    if (streams(r))
        r->writer->item_end(r, o);
}

void reply_end_text(struct reply *r)
{
    if (r->text_at != NO_OUTPUT)
        reply_end_output(r, &r->outputs[r->text_at]);
    r->text_at = NO_OUTPUT;
}

/* Returns the open output of this kind (message or reasoning); if there is none, ends the open one of the other kind
 * and adds one. NULL: see reply_add_output(). */
static struct output *text_output(struct reply *r, enum output_kind kind)
{
    if (r->text_at != NO_OUTPUT && r->outputs[r->text_at].kind == kind)
        return &r->outputs[r->text_at];
    reply_end_text(r);
    struct output *o = reply_add_output(r, kind);
    if (!o)
        return NULL;
    r->text_at = o->index;
    if (kind == OUTPUT_REASONING && !r->upstream->items)
        BUF_ADD(&o->state, CARRIER_MARK);
    reply_begin_output(r, o);
    return o;
}

/* Returns whether `text` ends in an escape that is the first half of a surrogate pair ("\ud83d"): it must not be
 * written without its second half, which the next piece has. */
static bool ends_in_half(struct slice text)
{
    if (text.len < 6)
        return false;
    const char *e = text.ptr + text.len - 6;
    if (e[0] != '\\' || e[1] != 'u' || (e[2] | 0x20) != 'd' || !e[3] || !strchr("89abAB", e[3]))
        return false;
    size_t backslashes = 0;
    while (e > text.ptr && e[-1] == '\\') {
        e--;
        backslashes++;
    }
    return backslashes % 2 == 0;
}

static void take_text(struct reply *r, enum output_kind kind, struct slice text)
{
    struct output *o = text_output(r, kind);
    if (!o)
        return;
    size_t before = o->text.len;
    buf_add_text(&o->text, o->held);
    o->held[0] = '\0';
    if (ends_in_half(text)) {
        text.len -= 6;
        memcpy(o->held, text.ptr + text.len, 6);
        o->held[6] = '\0';
    }
    buf_add_slice(&o->text, text);
    buf_fail_with(r->out, &o->text);
    r->bytes += text.len;
    r->answered |= kind == OUTPUT_MESSAGE;
    reply_write_more(r, o, (struct slice){o->text.data + before, o->text.len - before});
}

/* The encrypted_content of a Responses upstream's reasoning item. */
static void take_reasoning_state(struct reply *r, struct slice state)
{
    struct output *o = text_output(r, OUTPUT_REASONING);
    if (!o)
        return;
    buf_clear(&o->state);
    buf_add_slice(&o->state, state);
}

/* Returns whether both sides use the Responses API: items are then sent unchanged, because the provider may verify them
 * when the client sends them back. */
static bool keeps_items(const struct reply *r)
{
    return r->client->items && r->upstream->items;
}

static void take_id(struct reply *r, struct slice id)
{
    buf_clear(&r->id_of_next);
    if (keeps_items(r))
        buf_add_slice(&r->id_of_next, id);
}

static void take_item(struct reply *r, const struct reply_event *e)
{
    struct output *o = e->call != NO_CALL        ? reply_find_call(r, e->call)
                       : r->text_at != NO_OUTPUT ? &r->outputs[r->text_at]
                                                 : NULL;
    if (!o || !keeps_items(r))
        return;
    buf_clear(&o->raw);
    reply_add_raw(&o->raw, e->raw);
    reply_fail_with(r, o);
}

static void take_other(struct reply *r, struct slice raw)
{
    r->other = true;
    if (!r->client->items)
        return;
    struct output *o = reply_add_output(r, OUTPUT_OTHER);
    if (!o)
        return;
    reply_add_raw(&o->text, raw);
    r->answered = true;
    reply_begin_output(r, o);
    reply_end_output(r, o);
}

void reply_take(struct reply *r, const struct reply_event *e)
{
    switch (e->kind) {
    case EVENT_ID: take_id(r, e->text); break;
    case EVENT_TEXT: take_text(r, OUTPUT_MESSAGE, e->text); break;
    case EVENT_REASONING: take_text(r, OUTPUT_REASONING, e->text); break;
    case EVENT_CALL: reply_take_call(r, e); break;
    case EVENT_ARGUMENTS: reply_take_arguments(r, e); break;
    case EVENT_STATE:
        if (e->call == NO_CALL)
            take_reasoning_state(r, e->text);
        else
            reply_take_call_state(r, e->call, e->text);
        break;
    case EVENT_ITEM: take_item(r, e); break;
    case EVENT_BREAK:
        reply_end_text(r);
        buf_clear(&r->id_of_next); /* of an item without text */
        break;
    case EVENT_OTHER: take_other(r, e->raw); break;
    case EVENT_USAGE:
    case EVENT_FINISH:
    case EVENT_END:
    case EVENT_LIMIT:
    case EVENT_FAILURE: break; /* the relay handles these */
    }
}

void reply_complete(struct reply *r, bool incomplete)
{
    r->incomplete = incomplete;
    if (streams(r) && !r->begun)
        r->writer->begin(r);
    r->begun = true;
    for (uint32_t i = 0; i < r->count; i++) {
        struct output *o = &r->outputs[i];
        o->dropped = o->open && incomplete && o->kind == OUTPUT_CALL && !arguments_complete(&o->arguments);
        reply_end_output(r, o);
    }
    if (streams(r))
        r->writer->complete(r);
    else
        r->writer->whole(r);
}
