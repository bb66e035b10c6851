/* pure. Parts of lines that several logs have in common. */
#include "proxy/record/journal_line.h"

#include <math.h>

void journal_line_string(struct buf *out, const char *text)
{
    if (text)
        json_add_string(out, slice_of(text));
    else
        BUF_ADD(out, "null");
}

void journal_line_word(struct buf *out, const char *word)
{
    if (!word) {
        BUF_ADD(out, "null");
        return;
    }
    buf_add_char(out, '"');
    buf_add_text(out, word);
    buf_add_char(out, '"');
}

void journal_line_number(struct buf *out, struct slice key, int64_t value)
{
    buf_add_slice(out, key);
    if (value < 0)
        BUF_ADD(out, "null");
    else
        buf_add_number(out, value);
}

static void add_candidate(const struct choice *c, struct buf *out)
{
    BUF_ADD(out, "{\"deployment\":");
    journal_line_string(out, c->deployment->id);
    if (c->limit != LIMIT_NONE) {
        BUF_ADD(out, ",\"limit\":");
        journal_line_word(out, limit_name(c->limit));
        if (c->limit_s > 0)
            JOURNAL_LINE_COUNT(out, ",\"limit_s\"", (int64_t)ceil((double)c->limit_s));
    } else if (isfinite(c->score)) {
        BUF_ADD(out, ",\"score\":");
        buf_add_double(out, c->score, 4);
    }
    buf_add_char(out, '}');
}

void journal_line_decision(struct buf *out, const struct plan *plan)
{
    BUF_ADD(out, ",\"strategy\":");
    journal_line_word(out, plan && plan->strategy ? strategy_name(plan->strategy->id) : NULL);
    buf_add_text(out, plan && plan->sticky ? ",\"stuck\":true,\"candidates\":[" : ",\"stuck\":false,\"candidates\":[");
    for (unsigned i = 0; plan && i < plan->choice_count; i++) {
        if (i)
            buf_add_char(out, ',');
        add_candidate(&plan->choices[i], out);
    }
    BUF_ADD(out, "]");
}

void journal_line_tokens(struct buf *out, const struct usage *usage)
{
    JOURNAL_LINE_COUNT(out, "\"tokens\":{\"input\"", usage->input);
    JOURNAL_LINE_COUNT(out, ",\"cached\"", usage->cached_input);
    JOURNAL_LINE_COUNT(out, ",\"cache_write\"", usage->cache_write);
    JOURNAL_LINE_COUNT(out, ",\"output\"", usage->output);
    JOURNAL_LINE_COUNT(out, ",\"reasoning\"", usage->reasoning);
    buf_add_text(out, usage->estimated ? ",\"estimated\":true}" : ",\"estimated\":false}");
}

void journal_line_conversation(uint64_t conversation, char name[17])
{
    for (unsigned i = 0; i < 16; i++)
        name[i] = "0123456789abcdef"[conversation >> (60 - 4 * i) & 15];
    name[16] = '\0';
}

void journal_line_key(struct buf *out, const struct gate_names *key)
{
    if (!key)
        return;
    const struct {
        const char *field, *text;
    } names[] = {{"key", key->alias}, {"team", key->team}, {"user", key->user}, {"tags", key->tags}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!*names[i].text)
            continue;
        json_add_key(out, names[i].field);
        json_add_string(out, slice_of(names[i].text));
    }
}
