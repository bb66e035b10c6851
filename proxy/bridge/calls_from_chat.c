/* pure: decodes the tool calls of Chat Completions replies, streamed and whole, into events.
 *
 * A call is an entry of `tool_calls` with id, name and arguments. In a stream its first delta has id, name and index;
 * the others have the index and more arguments. Some servers omit index or id, use the same one for all calls, repeat
 * id and name in each delta, send the arguments as an object or before the name, repeat all earlier arguments in each
 * delta, or send them all again at the end. */
#include "proxy/bridge/dialect.h"

#include <string.h>

/* An entry of tool_calls. */
struct delta {
    int64_t index; /* -1: none */
    uint32_t id_hash, name_hash;
    bool custom;
    struct slice name;                /* empty: none */
    struct slice state;               /* a thought signature */
    struct arguments_piece arguments; /* raw: an object instead of a string */
};

static struct delta read_delta(const struct json *j, uint32_t call)
{
    uint32_t custom = object_field(j, call, "custom"), function = object_field(j, call, "function");
    uint32_t what = custom ? custom : function ? function : call;
    uint32_t arguments = object_field(j, what, custom ? "input" : "arguments"), index = object_field(j, call, "index");
    uint32_t google = object_field(j, object_field(j, call, "extra_content"), "google");
    struct slice name = object_text(j, what, "name");
    struct delta delta = {
        .index = -1,
        .id_hash = decoder_hash(object_text(j, call, "id")),
        .name_hash = decoder_hash(name),
        .custom = custom,
        .name = name,
        .state = object_text(j, google, "thought_signature"),
    };
    if (json_is(j, arguments, JSON_OBJECT))
        delta.arguments = (struct arguments_piece){json_raw(j, arguments), true};
    else if (arguments)
        delta.arguments.text = json_inner(j, arguments);
    if (!index || !json_int64(j, index, &delta.index) || delta.index < 0)
        delta.index = -1;
    return delta;
}

/* Returns the last call with the delta's id and index; if it has only one of them, with that. A delta without a name
 * may have another index than its call. NULL: none. */
static struct decoded_call *find_call(struct decoder *d, const struct delta *delta)
{
    struct decoded_call *by_index = NULL, *by_id = NULL;
    for (uint32_t i = d->call_count; i-- > 0;) {
        struct decoded_call *call = &d->calls[i];
        bool same_index = delta->index < 0 || call->index == delta->index;
        bool same_id = delta->id_hash && call->id_hash == delta->id_hash;
        if (same_index && same_id)
            return call;
        by_index = by_index || !same_index ? by_index : call;
        by_id = by_id || !same_id ? by_id : call;
    }
    return by_id && !delta->name.len ? by_id : by_index;
}

/* Returns whether a delta with a name continues or repeats the call. If the call's arguments are complete, a delta with
 * other arguments begins another call. */
static bool named_continues(const struct decoded_call *call, const struct delta *delta)
{
    const struct arguments_piece *a = &delta->arguments;
    bool same_id = delta->id_hash && delta->id_hash == call->id_hash;
    bool again = a->text.len && arguments_seen_again(&call->seen, *a) == a->text.len;
    if (call->number == NO_CALL)
        return true;
    if ((delta->id_hash && call->id_hash && !same_id) || delta->name_hash != call->name_hash)
        return false;
    if (same_id)
        return !arguments_seen_whole(&call->seen) || call->placeholder || !a->text.len || again;
    return delta->index >= 0 && (!arguments_seen_whole(&call->seen) || again);
}

/* Returns the call that a delta belongs to; NULL: it begins one. */
static struct decoded_call *continued(struct decoder *d, const struct delta *delta)
{
    struct decoded_call *call = find_call(d, delta), *last = d->call_count ? &d->calls[d->call_count - 1] : NULL;
    if (delta->name.len)
        return call && named_continues(call, delta) ? call : NULL;
    if (call && (delta->index >= 0 || !delta->id_hash || delta->id_hash == call->id_hash || call->number == NO_CALL))
        return call;
    /* Some servers give each delta its own index or id. */
    bool open = last && last->number != NO_CALL && !arguments_seen_whole(&last->seen);
    return open && (delta->index < 0 || !delta->id_hash) ? last : NULL;
}

/* Returns whether the piece has more than white space. */
static bool has_content(struct arguments_piece piece)
{
    struct arguments_seen seen = {0};
    arguments_seen_add(&seen, piece);
    return seen.length;
}

/* Decodes a piece of a call's arguments without what repeats earlier ones. `as_is`: free text; nothing in it counts as
 * a repetition. */
static void take_arguments(struct decoder *d, struct decoded_call *call, struct arguments_piece piece, bool as_is)
{
    struct arguments_seen *seen = &call->seen;
    size_t again = as_is ? 0 : arguments_seen_again(seen, piece);
    bool first = !seen->length || call->placeholder;
    if (again == piece.text.len || (piece.raw && !first) || (first && !as_is && !has_content(piece)))
        return;
    if (call->placeholder) {
        *seen = (struct arguments_seen){0};
    } else if (again && !arguments_seen_whole(seen)) {
        seen->snapshots = true;
        piece.text = (struct slice){piece.text.ptr + again, piece.text.len - again};
    }
    arguments_seen_add(seen, piece);
    call->placeholder = first && !as_is && slice_is(piece.text, "{}");
    if (call->placeholder)
        return;
    struct reply_event event = {.kind = EVENT_ARGUMENTS, .call = call->number};
    *(piece.raw ? &event.raw : &event.text) = piece.text;
    decoder_emit(d, &event);
}

/* Stores arguments that arrive before their call's name. */
static void keep_early(struct decoder *d, struct arguments_piece piece)
{
    if (!has_content(piece))
        return;
    if (!(piece.raw ? json_add_escaped(&d->early, piece.text) : buf_add_slice(&d->early, piece.text)))
        d->no_memory = true;
}

static void begin(struct decoder *d, struct decoded_call *call, const struct delta *delta)
{
    call->number = d->started++;
    call->name_hash = delta->name_hash;
    call->has_state = delta->state.len;
    d->content = true;
    decoder_emit(d,
                 &(struct reply_event){.kind = EVENT_CALL,
                                       .call = call->number,
                                       .flat = !delta->custom,
                                       .text = delta->state,
                                       .tool = {delta->custom ? TOOL_CUSTOM : TOOL_FUNCTION, {NULL, 0}, delta->name}});
    take_arguments(d, call, (struct arguments_piece){buf_slice(&d->early), false}, delta->custom);
    buf_clear(&d->early);
}

static void take_state(struct decoder *d, struct decoded_call *call, struct slice state)
{
    if (!state.len || call->has_state)
        return;
    call->has_state = true;
    decoder_emit(d, &(struct reply_event){.kind = EVENT_STATE, .call = call->number, .text = state});
}

static void take_delta(struct decoder *d, const struct delta *delta)
{
    struct decoded_call *call = continued(d, delta);
    if (!call && d->early.len)
        decoder_fail(d, SLICE(DECODER_UNNAMED));
    if (!call)
        call = decoder_add_call(d, delta->index, delta->id_hash);
    if (!call)
        return;
    if (call->number == NO_CALL && !delta->name.len) {
        keep_early(d, delta->arguments);
        return;
    }
    if (call->number == NO_CALL)
        begin(d, call, delta);
    else
        take_state(d, call, delta->state);
    take_arguments(d, call, delta->arguments, delta->custom && !delta->name.len);
}

void calls_from_chat(struct decoder *d, uint32_t message)
{
    const struct json *j = &d->json;
    uint32_t calls = object_field(j, message, "tool_calls"), function = object_field(j, message, "function_call");
    bool list = json_is(j, calls, JSON_ARRAY);
    for (uint32_t call = list ? json_first(j, calls) : JSON_NONE; call; call = json_next(j, call)) {
        struct delta delta = read_delta(j, call);
        take_delta(d, &delta);
    }
    if (json_is(j, calls, JSON_OBJECT) || (!list && json_is(j, function, JSON_OBJECT))) {
        struct delta delta = read_delta(j, json_is(j, calls, JSON_OBJECT) ? calls : function);
        delta.index = delta.index < 0 ? 0 : delta.index; /* there is one call */
        take_delta(d, &delta);
    }
}

void calls_from_chat_end(struct decoder *d)
{
    for (uint32_t i = 0; i < d->call_count; i++) {
        if (!d->calls[i].placeholder)
            continue;
        d->calls[i].placeholder = false;
        decoder_emit(d,
                     &(struct reply_event){.kind = EVENT_ARGUMENTS, .call = d->calls[i].number, .text = SLICE("{}")});
    }
}
