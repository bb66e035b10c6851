/* pure: seals a provider's state into a string that the client stores, and opens it again. */
#include "proxy/bridge/carrier.h"

#include <sodium.h>
#include <string.h>

#define MAC_SIZE 18 /* bytes: 24 characters of base64 without padding */
#define MAC_TEXT_LEN 24

void carrier_earlier_key(struct carrier_keys *keys, struct slice master_key)
{
    static const char context[] = "pointsman carrier key";
    crypto_generichash_state hash;
    crypto_generichash_init(&hash, (const unsigned char *)context, sizeof context - 1, CARRIER_KEY_SIZE);
    crypto_generichash_update(&hash, (const unsigned char *)master_key.ptr, master_key.len);
    crypto_generichash_final(&hash, keys->earlier, CARRIER_KEY_SIZE);
    sodium_memzero(&hash, sizeof hash);
}

/* Each part is preceded by its length: otherwise two different lists of parts could have the same MAC. */
static void make_mac(const unsigned char key[CARRIER_KEY_SIZE], const struct slice *parts, size_t count,
                     char text[MAC_TEXT_LEN + 1])
{
    crypto_generichash_state hash;
    unsigned char mac[MAC_SIZE];
    crypto_generichash_init(&hash, key, CARRIER_KEY_SIZE, sizeof mac);
    for (size_t i = 0; i < count; i++) {
        unsigned char len[8];
        for (unsigned k = 0; k < sizeof len; k++)
            len[k] = (unsigned char)((uint64_t)parts[i].len >> (8 * k));
        crypto_generichash_update(&hash, len, sizeof len);
        crypto_generichash_update(&hash, (const unsigned char *)parts[i].ptr, parts[i].len);
    }
    crypto_generichash_final(&hash, mac, sizeof mac);
    sodium_memzero(&hash, sizeof hash);
    sodium_bin2base64(text, MAC_TEXT_LEN + 1, mac, sizeof mac, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

bool carrier_seal(const struct carrier_keys *keys, struct slice deployment_id, struct slice call_id, struct slice state,
                  struct buf *out)
{
    char mac[MAC_TEXT_LEN + 1];
    make_mac(keys->own, (struct slice[]){deployment_id, call_id, state}, 3, mac);
    BUF_ADD(out, CARRIER_MARK);
    buf_add(out, mac, MAC_TEXT_LEN);
    buf_add_char(out, '.');
    buf_add_slice(out, call_id);
    buf_add_char(out, '.');
    return buf_add_slice(out, state) && !out->failed;
}

bool carrier_is(struct slice escaped)
{
    return slice_starts(escaped, CARRIER_MARK);
}

bool carrier_peek(struct slice call_id, struct slice escaped, struct slice *state)
{
    const size_t id_at = sizeof CARRIER_MARK - 1 + MAC_TEXT_LEN + 1, state_at = id_at + call_id.len + 1;
    if (!carrier_is(escaped) || escaped.len < state_at || escaped.ptr[id_at - 1] != '.' ||
        escaped.ptr[state_at - 1] != '.' || !slice_equal((struct slice){escaped.ptr + id_at, call_id.len}, call_id))
        return false;
    *state = (struct slice){escaped.ptr + state_at, escaped.len - state_at};
    return true;
}

static bool is_mac(const unsigned char key[CARRIER_KEY_SIZE], const struct slice parts[3], const char *text)
{
    char mac[MAC_TEXT_LEN + 1];
    make_mac(key, parts, 3, mac);
    return sodium_memcmp(mac, text, MAC_TEXT_LEN) == 0;
}

bool carrier_open(const struct carrier_keys *keys, struct slice deployment_id, struct slice call_id,
                  struct slice escaped, struct slice *state)
{
    if (!carrier_peek(call_id, escaped, state))
        return false;
    const struct slice parts[] = {deployment_id, call_id, *state};
    const char *mac = escaped.ptr + sizeof CARRIER_MARK - 1;
    return is_mac(keys->own, parts, mac) || is_mac(keys->earlier, parts, mac);
}
