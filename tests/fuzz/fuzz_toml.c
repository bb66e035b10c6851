/* Fuzz target: pointsman's settings are added to any text and removed again, and removed from any text. */
#include "tests/fuzz/fuzz.h"

#include "cli/toml_block.h"
#include "cli/toml_scan.h"

#include <stdlib.h>

static const struct toml_setting SETTINGS[] = {
    {"model_provider", "\"ours\"", false}, {"model", "\"m\"", false}, {NULL, NULL, false}};
static const char *const ASIDE[] = {"model_catalog_json", NULL};
static const char *const OWNED[][2] = {{"model_providers", "ours"}, {"profiles", "ours"}, {NULL, NULL}};
static const struct toml_block BLOCK = {SETTINGS, ASIDE, "[model_providers.ours]\nname = \"x\"\n", OWNED};

const char *const fuzz_seeds[] = {
    "# c\nmodel = \"gpt-5.5\" # d\r\nmodel_provider='openai'\n[model_providers.x]\nname = \"y\"\n[projects.\"/a\"]\nt = 1",
    "\xEF\xBB\xBF\"model\" = '''a\nb'''\na = [\n1, # ]\n{b = \"}\"}]\n[[x]]\nmodel = \"\"\"\\\"\"\"\"\"\n",
    "model_providers.\"o\\u0075rs\".a = 1\n[profiles]\nours.model = 2\n",
    "# pointsman: its own settings from here on; \"pointsman disable\" takes them out\nmodel_provider = \"ours\"\nmodel = \"m\"\n"
    "# pointsman: end\n# pointsman kept: model = 'x\n# pointsman kept: y'\n",
    NULL,
};

static void must(bool truth)
{
    if (!truth)
        abort();
}

/* The items make up the document. */
static void check_scan(struct slice text)
{
    struct toml_scan scan;
    struct toml_item item;
    size_t at = toml_bom(text);
    unsigned line = 1;
    toml_scan_start(&scan, text);
    while (toml_next(&scan, &item)) {
        must(item.text.ptr == text.ptr + at && item.text.len > 0 && item.line >= line);
        at += item.text.len;
        line = item.line;
    }
    must(at + scan.rest.len == text.len && (scan.fault || at == text.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = {(const char *)data, size};
    struct buf with, without, why;
    buf_init(&with, 1u << 24);
    buf_init(&without, 1u << 24);
    buf_init(&why, 1u << 18);
    check_scan(text);
    if (toml_block_insert(text, &BLOCK, "f", &with, &why)) {
        must(toml_block_marked(buf_slice(&with)) && !toml_block_marked(text));
        must(toml_block_remove(buf_slice(&with), &BLOCK, "f", &without, &why));
        must(slice_equal(buf_slice(&without), text));
    } else {
        must(why.len > 0);
    }
    buf_clear(&without);
    must(toml_block_remove(text, &BLOCK, "f", &without, &why) || why.len > 0);
    buf_free(&with);
    buf_free(&without);
    buf_free(&why);
    return 0;
}
