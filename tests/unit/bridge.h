/* bridge: common to the bridge's unit tests: decodes a request, and runs a relay over bytes that are split anywhere. */
#ifndef POINTSMAN_UNIT_BRIDGE_H
#define POINTSMAN_UNIT_BRIDGE_H

#include "tests/unit/unit.h"
#include "proxy/bridge/carrier.h"
#include "proxy/bridge/relay.h"

static const struct carrier_keys BRIDGE_KEYS = {.own = "the tests' key", .earlier = "an earlier version's key"};

/* A request, parsed and decoded. Free with bridge_release(). */
struct bridge_request {
    struct json doc;
    struct turn *turn;
};

/* Parses and decodes the request; fails the test if it is refused. */
static inline void bridge_decode(struct bridge_request *r, const char *text, enum wire wire)
{
    struct turn_error error;
    *r = (struct bridge_request){0};
    if (!json_parse(&r->doc, text, strlen(text)))
        fail_msg("%s at %zu in %s", r->doc.error, r->doc.error_at, text);
    r->turn = turn_decode(&r->doc, wire, &error);
    if (!r->turn)
        fail_msg("refused: %s (%s)", error.message, error.param);
}

static inline void bridge_release(struct bridge_request *r)
{
    turn_free(r->turn);
    json_free(&r->doc);
}

/* The result of a relay: everything that was sent, and its states. */
struct bridge_run {
    struct buf sent;
    enum relay_state state;
    struct failure failure;
    struct usage usage;
    bool incomplete, opened;
};

/* Feeds `body` in pieces: `cut` bytes first, then `piece` bytes each (0: the rest at once); then the end. */
static inline struct bridge_run bridge_relay(const struct relay_options *options, struct slice body, size_t cut,
                                             size_t piece)
{
    struct bridge_run run = {.state = RELAY_HOLD};
    struct slice send;
    struct relay *r = relay_new(options);
    assert_non_null(r);
    buf_init(&run.sent, 1u << 26);
    for (size_t at = 0, len = cut; at < body.len && run.state < RELAY_DONE; at += len, len = piece ? piece : body.len) {
        if (len > body.len - at)
            len = body.len - at;
        run.state = relay_feed(r, (struct slice){body.ptr + at, len}, &send);
        run.opened |= run.state == RELAY_OPEN;
        assert_true(run.state == RELAY_HOLD || run.state == RELAY_FAILED ? send.len == 0 : true);
        assert_true(buf_add_slice(&run.sent, send));
    }
    if (run.state < RELAY_DONE) {
        run.state = relay_end(r, &send);
        assert_true(run.state == RELAY_DONE || run.state == RELAY_FAILED);
        assert_true(buf_add_slice(&run.sent, send));
    }
    if (run.state == RELAY_FAILED) {
        run.failure = *relay_failure(r);
        assert_true(relay_fail(r, &run.failure, &send));
        assert_true(buf_add_slice(&run.sent, send));
    }
    run.usage = relay_usage(r);
    run.incomplete = relay_incomplete(r);
    relay_free(r);
    (void)buf_text(&run.sent);
    return run;
}

static inline bool bridge_has(const struct bridge_run *run, const char *text)
{
    return run->sent.data && strstr(run->sent.data, text);
}

/* Fails the test unless the pieces were sent in this order. */
static inline void bridge_assert_order(const struct bridge_run *run, const char *const *pieces, size_t count)
{
    const char *at = run->sent.data;
    assert_non_null(at);
    for (size_t i = 0; i < count; i++) {
        const char *found = strstr(at, pieces[i]);
        if (!found)
            fail_msg("%s is missing, or comes too early, in:\n%s", pieces[i], run->sent.data);
        at = found + strlen(pieces[i]);
    }
}

#define assert_order(run, ...) \
    bridge_assert_order((run), (const char *const[]){__VA_ARGS__}, COUNT_OF(((const char *const[]){__VA_ARGS__})))

#endif
