/* Fuzz target: the ChatGPT login: JSON Web Tokens, Codex's auth.json, and replies of the token endpoint. The input is
 * used as each of them. An auth.json that is accepted can be rewritten with other tokens and read again. */
#include "tests/fuzz/fuzz.h"
#include "common/json.h"
#include "common/secret.h"
#include "proxy/upstream/login_file.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* The token's payload: {"exp":1800000000,"https://api.openai.com/auth":{"chatgpt_account_id":"acc-1"}} */
#define TOKEN                                                                                                          \
    "eyJhbGciOiJub25lIn0.eyJleHAiOjE4MDAwMDAwMDAsImh0dHBzOi8vYXBpLm9wZW5haS5jb20vYXV0aCI6eyJjaGF0Z3B0X2FjY291bnRfaWQi" \
    "OiJhY2MtMSJ9fQ.c2ln"

const char *const fuzz_seeds[] = {
    TOKEN,
    "{\"tokens\":{\"id_token\":\"" TOKEN "\",\"access_token\":\"" TOKEN
    "\",\"refresh_token\":\"r\",\"account_id\":\"a\"},"
    "\"last_refresh\":\"2026-01-02T03:04:05.678901Z\",\"OPENAI_API_KEY\":null}",
    "{\"access_token\":\"a.b.c\",\"refresh_token\":\"r\",\"account_id\":\"x\"}",
    "{\"chatgpt\":{\"tokens\":{\"access_token\":\"a.b.c\",\"refresh_token\":\"r\"}}}",
    "{\"error\":{\"code\":\"refresh_token_reused\"}}",
    "{\"exp\":-1,\"https://api.openai.com/auth\":{\"chatgpt_account_id\":\"acc\"}}",
    NULL,
};

static const char new_tokens[] = "{\"access_token\":\"new.access.token\",\"refresh_token\":\"new\"}";

static void must(bool truth)
{
    if (!truth)
        abort();
}

static bool is_account(const char *text)
{
    return !*text || (strlen(text) < LOGIN_ACCOUNT_SIZE && login_text_is_clean(slice_of(text)));
}

static void check_token(struct slice token)
{
    struct login_claims claims;
    login_claims_read(token, &claims);
    must(is_account(claims.account_id));
}

/* Uses the input as a token's payload, so that the fuzzer need not produce base64. */
static void check_payload(struct slice payload)
{
    char text[LOGIN_TOKEN_MAX + 8] = "x.";
    size_t room = sizeof text - 3;
    if (sodium_base64_ENCODED_LEN(payload.len, sodium_base64_VARIANT_URLSAFE_NO_PADDING) > room)
        return;
    sodium_bin2base64(text + 2, room, (const unsigned char *)payload.ptr, payload.len,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    size_t len = strlen(text);
    text[len] = '.';
    check_token((struct slice){text, len + 1});
}

static enum login_file check_file(struct slice text, struct login_tokens *tokens)
{
    struct buf why;
    buf_init(&why, 4096);
    enum login_file read = login_file_read(text, tokens, &why);
    must(read == LOGIN_FILE_READ ? tokens->access || tokens->refresh : why.len && !tokens->access && !tokens->refresh);
    must(is_account(tokens->account_id));
    must(!tokens->access || login_text_is_clean(slice_of(tokens->access)));
    buf_free(&why);
    return read;
}

static void check_update(struct slice text, struct slice reply)
{
    struct login_tokens tokens;
    struct buf written;
    buf_init(&written, 1u << 20);
    if (login_file_update(text, reply, 1800000000, &written)) {
        must(check_file(buf_slice(&written), &tokens) == LOGIN_FILE_READ && tokens.refreshed_s == 1800000000);
        login_tokens_free(&tokens);
    }
    buf_free(&written);
}

static void check_answer(int status, struct slice body)
{
    struct buf why;
    buf_init(&why, 4096);
    enum login_answer answer = login_answer_read(status, body, &why);
    must((answer == LOGIN_ANSWER_TOKENS) == !why.len);
    buf_free(&why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool ready;
    struct slice input = {(const char *)data, size};
    struct login_tokens tokens;
    if (!ready)
        must(ready = secret_init());
    check_token(input);
    check_payload(input);
    if (check_file(input, &tokens) == LOGIN_FILE_READ)
        check_update(input, slice_of(new_tokens));
    login_tokens_free(&tokens);
    check_update(slice_of(fuzz_seeds[1]), input);
    for (int status = 200; status <= 600; status += 100)
        check_answer(status, input);
    check_answer(401, input);
    return 0;
}
