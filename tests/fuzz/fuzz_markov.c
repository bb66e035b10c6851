/* Fuzz target: the adaptive router's saved state. It is read and usable, or refused as a whole. */
#include "tests/fuzz/fuzz.h"
#include "common/markov.h"

#include <math.h>
#include <stdlib.h>

#define BELIEF "\"belief\":[0.7,0.2,0.05,0.03,0.02],"
#define AVERAGES "\"averages\":[[900,0.9,3],[8000,0.8,3],[0.01,0.97,3],[0.5,0.5,1],[0.1,0.9,3],[0.9,0.9,3]]"

const char *const fuzz_seeds[] = {
    "{\"count\":3,\"seen_ms\":1790000000000,\"weight\":2.9," BELIEF AVERAGES "}",
    "{\"count\":0,\"seen_ms\":0,\"weight\":0," BELIEF AVERAGES "}",
    "{\"count\":1e9,\"seen_ms\":-9223372036854775807,\"weight\":1e8,\"belief\":[1,0,0,0,1e-300]," AVERAGES "}",
    NULL,
};

static void must(bool truth)
{
    if (!truth)
        abort();
}

static void check(const struct markov_health *h)
{
    must(h->state < MARKOV_STATES && h->risk >= 0 && h->risk <= 1 && h->confidence >= 0 && h->confidence <= 1);
    must(isnan(h->performance) || (h->performance >= 0 && h->performance <= 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json j = {0};
    struct markov_provider p, fresh = {0};
    struct markov_settings s;
    struct markov_decision d;
    struct buf out;
    bool read = json_parse(&j, (const char *)data, size) && markov_read_state(&j, 0, &p);
    json_free(&j);
    if (!read)
        return 0;
    markov_settings_init(&s, MARKOV_CALLS);
    s.enabled = true;
    buf_init(&out, 1u << 16);
    struct document state;
    markov_describe_state(&p, document_object(&state));
    must(document_print(&state, &out) && json_parse(&j, out.data, out.len) && markov_read_state(&j, 0, &fresh));
    must(fresh.count == p.count && fresh.seen_ms == p.seen_ms);
    struct markov_health h = markov_health(&p, &s, 1790000000000);
    check(&h);
    struct markov_observation o = markov_observation(size % 2 ? MARKOV_SUCCESS : MARKOV_LIMITED);
    o.ttft_ms = o.total_ms = (double)size;
    markov_observe(&p, &s, &o, 1790000060000);
    markov_decide(&s, (const struct markov_candidate[]){{"a", &p, NAN}, {"b", &fresh, NAN}}, 2, true, 1790000060000,
                  &d);
    check(&d.health[0]);
    check(&d.health[1]);
    buf_clear(&out);
    must(markov_write(&d, &out) && json_parse(&j, out.data, out.len));
    json_free(&j);
    buf_free(&out);
    return 0;
}
