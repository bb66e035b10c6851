/* pure: the usage object of a reply. */
#include "proxy/bridge/usage_write.h"

void usage_write(const struct usage *usage, enum wire wire, struct buf *out)
{
    long long input = usage->input > 0 ? usage->input : 0, output = usage->output > 0 ? usage->output : 0;
    long long cached = usage->cached_input > 0 ? usage->cached_input : 0;
    long long written = usage->cache_write > 0 ? usage->cache_write : 0;
    long long reasoning = usage->reasoning > 0 ? usage->reasoning : 0;
    const char *in = wire == WIRE_CHAT ? "prompt_tokens" : "input_tokens";
    const char *of = wire == WIRE_CHAT ? "completion_tokens" : "output_tokens";
    buf_add_format(out, "{\"%s\":%lld,\"%s_details\":{\"cached_tokens\":%lld", in, input, in, cached);
    if (usage->cache_write >= 0 || wire == WIRE_RESPONSES)
        buf_add_format(out, ",\"cache_write_tokens\":%lld", written);
    buf_add_format(out, "},\"%s\":%lld,\"%s_details\":{\"reasoning_tokens\":%lld},\"total_tokens\":%lld", of, output,
                   of, reasoning, input + output);
    buf_add_text(out, usage->estimated ? ",\"estimated\":true}" : "}");
}
