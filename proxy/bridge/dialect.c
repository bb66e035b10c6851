/* pure: the table of dialects. */
#include "proxy/bridge/dialect.h"

static bool is_given(const struct json *j, uint32_t value)
{
    return !json_is(j, value, JSON_NULL);
}

static bool is_true(const struct json *j, uint32_t value)
{
    return json_is(j, value, JSON_TRUE);
}

static bool is_above_0(const struct json *j, uint32_t value)
{
    int64_t number;
    return json_int64(j, value, &number) && number > 0;
}

static bool is_above_1(const struct json *j, uint32_t value)
{
    int64_t number;
    return json_int64(j, value, &number) && number > 1;
}

static const struct own_field CHAT_FIELDS[] = {
    {"n", is_above_1, false},   {"logprobs", is_true, false},   {"top_logprobs", is_above_0, false},
    {"audio", is_given, false}, {"functions", is_given, false}, {NULL, NULL, false},
};

static const struct own_field RESPONSES_FIELDS[] = {
    {"previous_response_id", is_given, true}, {"conversation", is_given, true},    {"prompt", is_given, true},
    {"background", is_true, false},           {"top_logprobs", is_above_0, false}, {NULL, NULL, false},
};

static const struct {
    enum wire wire;
    struct dialect dialect;
} ROWS[] = {
    {WIRE_CHAT,
     {.decode_request = request_from_chat,
      .encode_request = request_to_chat,
      .content = "messages",
      .format = "response_format",
      .own_fields = CHAT_FIELDS,
      .streams = true,
      .decode_event = reply_event_from_chat,
      .decode_whole = reply_whole_from_chat,
      .writer = &reply_to_chat,
      .matters = watch_matters_in_chat,
      .end_mark = "data: [DONE]\n\n"}},
    {WIRE_RESPONSES,
     {.decode_request = request_from_responses,
      .encode_request = request_to_responses,
      .content = "input",
      .content_string = true,
      .format = "text",
      .own_fields = RESPONSES_FIELDS,
      .streams = true,
      .decode_event = reply_event_from_responses,
      .decode_whole = reply_whole_from_responses,
      .writer = &reply_to_responses,
      .matters = watch_matters_in_responses,
      .end_mark = "",
      .items = true}},
    /* These two are only passed through: end, usage and errors of their replies are read. */
    {WIRE_COMPLETIONS,
     {.content = "prompt",
      .content_string = true,
      .streams = true,
      .decode_event = reply_event_from_chat,
      .decode_whole = reply_whole_from_chat,
      .writer = &reply_to_chat,
      .matters = watch_matters_in_chat,
      .end_mark = "data: [DONE]\n\n",
      .may_be_empty = true}},
    {WIRE_EMBEDDINGS,
     {.content = "input",
      .content_string = true,
      .decode_event = reply_event_from_chat,
      .decode_whole = reply_whole_from_embeddings,
      .writer = &reply_to_chat,
      .matters = watch_matters_in_chat,
      .end_mark = "data: [DONE]\n\n"}},
};

enum wire dialect_translated(unsigned wires)
{
    size_t i = 0;
    while (i + 1 < sizeof ROWS / sizeof *ROWS && !(ROWS[i].dialect.encode_request && (ROWS[i].wire & wires)))
        i++;
    return ROWS[i].wire;
}

const struct dialect *dialect_of(enum wire wire)
{
    size_t i = 0;
    while (i + 1 < sizeof ROWS / sizeof *ROWS && ROWS[i].wire != wire)
        i++;
    return &ROWS[i].dialect;
}
