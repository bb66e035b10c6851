/* pure: the request parts that a deployment rejects, remembered for a day. */
#include "proxy/route/refused.h"

#include "proxy/terms/wire.h"

#include <string.h>

static bool is_expired(uint64_t at_ms, uint64_t now_ms)
{
    return now_ms - at_ms >= REFUSED_MS;
}

static unsigned valid_parts(const struct refused *r, uint64_t now_ms)
{
    unsigned parts = r->omissions.parts & ~(unsigned)PART_FIELD;
    for (unsigned i = 0; i < PART_COUNT; i++)
        if (is_expired(r->part_ms[i], now_ms))
            parts &= ~(1u << i);
    return parts;
}

void refused_read(const struct refused *r, uint64_t now_ms, struct omissions *out)
{
    *out = (struct omissions){0};
    if (!r->omissions.parts) /* the usual case */
        return;
    out->parts = valid_parts(r, now_ms);
    out->efforts = r->omissions.efforts;
    for (unsigned i = 0; i < r->omissions.field_count; i++)
        if (!is_expired(r->field_ms[i], now_ms))
            memcpy(out->fields[out->field_count++], r->omissions.fields[i], PART_FIELD_NAME);
    if (out->field_count)
        out->parts |= PART_FIELD;
}

static void drop_expired_fields(struct refused *r, uint64_t now_ms)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < r->omissions.field_count; i++) {
        if (is_expired(r->field_ms[i], now_ms))
            continue;
        memmove(r->omissions.fields[kept], r->omissions.fields[i], PART_FIELD_NAME);
        r->field_ms[kept++] = r->field_ms[i];
    }
    r->omissions.field_count = kept;
}

bool refused_add(struct refused *r, const struct omissions *found, uint64_t now_ms)
{
    unsigned before;
    r->omissions.parts = valid_parts(r, now_ms);
    drop_expired_fields(r, now_ms);
    before = r->omissions.field_count;
    unsigned more = found->parts & ~r->omissions.parts;
    bool any = omissions_add(&r->omissions, found);
    for (unsigned i = 0; i < PART_COUNT; i++)
        if (more >> i & 1)
            r->part_ms[i] = now_ms;
    for (unsigned i = before; i < r->omissions.field_count; i++)
        r->field_ms[i] = now_ms;
    return any;
}

unsigned refused_wires(const struct refused *r, uint64_t now_ms, unsigned wires)
{
    if (!(r->omissions.parts & (PART_RESPONSES | PART_CHAT)))
        return wires;
    return wires_without(wires, valid_parts(r, now_ms));
}

double refused_age_s(const struct refused *r, unsigned part, const char *field, uint64_t now_ms)
{
    uint64_t at_ms = now_ms;
    for (unsigned i = 0; i < PART_COUNT; i++)
        if (!field && part == 1u << i)
            at_ms = r->part_ms[i];
    for (unsigned i = 0; field && i < r->omissions.field_count; i++)
        if (strcmp(r->omissions.fields[i], field) == 0)
            at_ms = r->field_ms[i];
    return (double)(now_ms - at_ms) / 1000;
}
