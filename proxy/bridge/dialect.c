/* pure: The table of wires. */
#include "proxy/bridge/dialect.h"

const struct dialect *dialect_of(enum wire wire)
{
    static const struct dialect chat = {
        request_from_chat, request_to_chat, reply_event_from_chat, reply_whole_from_chat, &reply_to_chat,
    }, responses = {
        request_from_responses, request_to_responses, reply_event_from_responses, reply_whole_from_responses,
        &reply_to_responses,
    };
    return wire == WIRE_CHAT ? &chat : &responses;
}
