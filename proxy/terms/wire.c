/* pure: the table of APIs. */
#include "proxy/terms/wire.h"

static const struct {
    enum wire wire;
    const char *name, *path;
} WIRES[] = {
    {WIRE_CHAT, "chat", "/chat/completions"},
    {WIRE_RESPONSES, "responses", "/responses"},
    {WIRE_COMPLETIONS, "completions", "/completions"},
    {WIRE_EMBEDDINGS, "embeddings", "/embeddings"},
};

static unsigned row_of(enum wire wire)
{
    unsigned i = 0;
    while (i + 1 < sizeof WIRES / sizeof *WIRES && WIRES[i].wire != wire)
        i++;
    return i;
}

const char *wire_path(enum wire wire)
{
    return WIRES[row_of(wire)].path;
}

const char *wire_name(enum wire wire)
{
    return wire ? WIRES[row_of(wire)].name : NULL;
}

unsigned wires_without(unsigned wires, unsigned parts)
{
    unsigned left = wires;
    if (parts & PART_RESPONSES)
        left &= ~(unsigned)WIRE_RESPONSES;
    if (parts & PART_CHAT)
        left &= ~(unsigned)WIRE_CHAT;
    return left & WIRES_BRIDGED ? left : wires;
}
