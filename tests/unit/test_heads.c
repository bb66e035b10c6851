/* Unit tests of proxy/upstream/heads: a head does not change while a call borrows it. */
#include "tests/unit/unit.h"
#include "proxy/upstream/heads.h"

#define FIELDS(accept)                                                                                      \
    "Content-Type: application/json\r\nUser-Agent: pointsman/" PACKAGE_VERSION "\r\nAccept: " accept "\r\n" \
    "Authorization: Bearer sk-1\r\n"

static const struct loopback_origin ORIGIN = {.host = "127.0.0.1:8080", .path = "/v1"};
static const struct deployment DEPLOYMENT = {.api_key = "sk-1"};

static struct call_request request(const char *path, bool has_body, bool stream)
{
    return (struct call_request){.deployment = &DEPLOYMENT,
                                 .path = path,
                                 .stream = stream,
                                 .body = has_body ? pieces_of(SLICE("{}")) : (struct pieces){{{NULL, 0}}}};
}

static const struct {
    const char *path;
    bool has_body, stream;
    const char *head;
} ROWS[] = {
    {"/models", false, false, "GET /v1/models HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n" FIELDS("application/json")},
    {"/responses", true, false,
     "POST /v1/responses HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n" FIELDS("application/json") "Content-Length: "},
    {"/responses", true, true,
     "POST /v1/responses HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n" FIELDS("text/event-stream") "Content-Length: "},
    {"/responses", false, false, "GET /v1/responses HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n" FIELDS("application/json")},
    {"/embeddings", true, false,
     "POST /v1/embeddings HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n" FIELDS("application/json") "Content-Length: "},
};

/* All heads are borrowed at the same time, twice. */
TEST(borrowed_heads_do_not_change)
{
    struct heads heads = {NULL};
    struct slice borrowed[2][COUNT_OF(ROWS)];
    for (size_t round = 0; round < 2; round++) {
        for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
            struct call_request r = request(ROWS[i].path, ROWS[i].has_body, ROWS[i].stream);
            assert_true(heads_get(&heads, &ORIGIN, &r, &borrowed[round][i]));
        }
    }
    for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
        assert_slice(borrowed[0][i], ROWS[i].head);
        assert_ptr_equal(borrowed[0][i].ptr, borrowed[1][i].ptr);
    }
    heads_free(&heads);
}

TEST(key_that_is_too_long_fails)
{
    struct heads heads = {NULL};
    struct slice head;
    char *key = calloc(1, 2 * CALL_FIELDS_MAX + 1);
    assert_non_null(key);
    memset(key, 'k', 2 * CALL_FIELDS_MAX);
    struct deployment long_key = {.api_key = key};
    struct call_request r = request("/models", false, false);
    r.deployment = &long_key;
    assert_false(heads_get(&heads, &ORIGIN, &r, &head));
    r.deployment = &DEPLOYMENT;
    assert_true(heads_get(&heads, &ORIGIN, &r, &head));
    assert_slice(head, ROWS[0].head);
    heads_free(&heads);
    free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(borrowed_heads_do_not_change),
        cmocka_unit_test(key_that_is_too_long_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
