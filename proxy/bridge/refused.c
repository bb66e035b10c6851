/* pure: which part of a translated request an upstream's 400 complains of. */
#include "proxy/bridge/refused.h"

#include <string.h>

unsigned refused_parts(const struct failure *f)
{
    /* As the usual servers word it; the error's `param`, where there is one, is part of these words too. */
    static const struct {
        unsigned part;
        const char *word;
    } words[] = {
        {TURN_WITHOUT_FORMAT, "response_format"},
        {TURN_WITHOUT_FORMAT, "json_schema"},
        {TURN_WITHOUT_IMAGES, "image_url"},
        {TURN_WITHOUT_IMAGES, "image input"},
        {TURN_WITHOUT_IMAGES, "does not support image"},
        {TURN_WITHOUT_IMAGES, "not a multimodal"},
        {TURN_WITHOUT_EFFORT, "reasoning_effort"},
        {TURN_WITHOUT_EFFORT, "reasoning effort"},
        {TURN_WITHOUT_PREFILL, "prefill"},
        {TURN_WITHOUT_PREFILL, "must end with a user message"},
    };
    unsigned parts = 0;
    bool asked = f->kind == FAILURE_BAD_REQUEST || f->kind == FAILURE_UNSUPPORTED;
    for (size_t i = 0; asked && i < sizeof words / sizeof *words; i++)
        if (strcasestr(f->message, words[i].word))
            parts |= words[i].part;
    return parts;
}
