/* pure: the usage object of a reply. */
#include "proxy/bridge/usage_write.h"

void usage_write(const struct usage *usage, enum wire wire, struct buf *out)
{
    long long input = usage->input > 0 ? usage->input : 0, output = usage->output > 0 ? usage->output : 0;
    long long cached = usage->cached_input > 0 ? usage->cached_input : 0;
    long long reasoning = usage->reasoning > 0 ? usage->reasoning : 0;
    const char *format =
        wire == WIRE_CHAT
            ? "{\"prompt_tokens\":%lld,\"prompt_tokens_details\":{\"cached_tokens\":%lld},\"completion_tokens\":%lld,"
              "\"completion_tokens_details\":{\"reasoning_tokens\":%lld},\"total_tokens\":%lld"
            : "{\"input_tokens\":%lld,\"input_tokens_details\":{\"cached_tokens\":%lld,\"cache_write_tokens\":0},"
              "\"output_tokens\":%lld,\"output_tokens_details\":{\"reasoning_tokens\":%lld},\"total_tokens\":%lld";
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* one of the two above */
    buf_add_format(out, format, input, cached, output, reasoning, input + output);
#pragma GCC diagnostic pop
    buf_add_text(out, usage->estimated ? ",\"estimated\":true}" : "}");
}
