/* pure: The table of wires. */
#include "proxy/bridge/dialect.h"

const struct dialect *dialect_of(enum wire wire)
{
    static const struct {
        enum wire wire;
        struct dialect dialect;
    } rows[] = {
        {WIRE_CHAT, {request_from_chat, request_to_chat, reply_event_from_chat, reply_whole_from_chat, &reply_to_chat}},
        {WIRE_RESPONSES,
         {request_from_responses, request_to_responses, reply_event_from_responses, reply_whole_from_responses,
          &reply_to_responses}},
        /* These two only pass through: what is read of their replies is their end, usage and errors. */
        {WIRE_COMPLETIONS, {NULL, NULL, reply_event_from_chat, reply_whole_from_chat, &reply_to_chat}},
        {WIRE_EMBEDDINGS, {NULL, NULL, reply_event_from_chat, reply_whole_from_embeddings, &reply_to_chat}},
    };
    size_t i = 0;
    while (i + 1 < sizeof rows / sizeof *rows && rows[i].wire != wire)
        i++;
    return &rows[i].dialect;
}
