/* Unit tests of common/yaml. */
#include "tests/unit/unit.h"
#include "common/yaml.h"

#include <unistd.h>

static struct yaml_node *parse(const char *text)
{
    struct buf error;
    buf_init(&error, 4096);
    struct yaml_node *root = yaml_parse("t.yaml", slice_of(text), &error);
    if (!root)
        print_error("%s\n", buf_text(&error));
    assert_non_null(root);
    buf_free(&error);
    return root;
}

/* The text is refused with exactly this message. */
static void refuse(struct slice text, const char *message)
{
    struct buf error;
    buf_init(&error, 4096);
    struct yaml_node *root = yaml_parse("t.yaml", text, &error);
    assert_null(root);
    assert_buf(&error, message);
    buf_free(&error);
}

/* The text is refused, and the message contains `part`. */
static void refuse_with(struct slice text, const char *part)
{
    struct buf error;
    buf_init(&error, 4096);
    assert_null(yaml_parse("t.yaml", text, &error));
    if (!strstr(buf_text(&error), part))
        fail_msg("\"%s\" does not contain \"%s\"", buf_text(&error), part);
    buf_free(&error);
}

static const char *scalar(const struct yaml_node *mapping, const char *key)
{
    const struct yaml_node *n = yaml_get(mapping, key);
    assert_non_null(n);
    assert_int_equal(n->kind, YAML_SCALAR);
    return n->scalar;
}

TEST(nodes_have_kind_line_and_key)
{
    struct yaml_node *root = parse("# comment\na: 1\nb:\n  - x\n  - 'y'\nc: {d: \"2\"}\n");
    assert_int_equal(root->kind, YAML_MAPPING);
    const struct yaml_node *a = yaml_get(root, "a"), *b = yaml_get(root, "b"), *c = yaml_get(root, "c");
    assert_string_equal(a->scalar, "1");
    assert_int_equal(a->line, 2);
    assert_int_equal(a->key_line, 2);
    assert_false(a->quoted);
    assert_int_equal(b->kind, YAML_SEQUENCE);
    assert_int_equal(b->key_line, 3);
    assert_string_equal(b->children->scalar, "x");
    assert_null(b->children->key);
    assert_int_equal(b->children->next->line, 5);
    assert_true(b->children->next->quoted);
    assert_null(b->children->next->next);
    assert_true(yaml_get(c, "d")->quoted);
    assert_null(yaml_get(root, "z"));
    assert_null(yaml_get(NULL, "a"));
    assert_null(yaml_get(a, "a"));
    yaml_tree_free(root);
}

TEST(empty_values_are_empty_scalars)
{
    struct yaml_node *root = parse("a:\nb: ''\n");
    assert_string_equal(scalar(root, "a"), "");
    assert_false(yaml_get(root, "a")->quoted);
    assert_true(yaml_get(root, "b")->quoted);
    yaml_tree_free(root);
}

TEST(aliases_are_deep_copies)
{
    struct yaml_node *root = parse("a: &x {k: [1, 2]}\nb: *x\n");
    const struct yaml_node *a = yaml_get(root, "a"), *b = yaml_get(root, "b");
    assert_ptr_not_equal(a->children, b->children);
    assert_string_equal(yaml_get(b, "k")->children->next->scalar, "2");
    assert_string_equal(b->key, "b");
    yaml_tree_free(root);
}

TEST(the_latest_anchor_of_a_name_counts)
{
    struct yaml_node *root = parse("a: &x 1\nb: &x 2\nc: *x\n");
    assert_string_equal(scalar(root, "c"), "2");
    yaml_tree_free(root);
}

TEST(merge_keys_give_defaults)
{
    struct yaml_node *root = parse("base: &b {p: 1, q: 2}\nmore: &m {q: 8, r: 9}\n"
                                   "one: {<<: *b, p: 5}\nboth: {<<: [*b, *m]}\nnested: {<<: {<<: *b, s: 4}}\n");
    assert_string_equal(scalar(yaml_get(root, "one"), "p"), "5");
    assert_string_equal(scalar(yaml_get(root, "one"), "q"), "2");
    assert_string_equal(scalar(yaml_get(root, "both"), "q"), "2");
    assert_string_equal(scalar(yaml_get(root, "both"), "r"), "9");
    assert_string_equal(scalar(yaml_get(root, "nested"), "s"), "4");
    assert_string_equal(scalar(yaml_get(root, "nested"), "p"), "1");
    assert_null(yaml_get(yaml_get(root, "nested"), "<<"));
    yaml_tree_free(root);
    refuse(SLICE("a: {<<: 1}\n"), "t.yaml:1: \"<<\" needs a mapping or a list of mappings");
    refuse(SLICE("a: {<<: [{b: 1}, 2]}\n"), "t.yaml:1: \"<<\" needs a mapping or a list of mappings");
}

TEST(errors_name_file_and_line)
{
    refuse(SLICE(""), "t.yaml:1: the file is empty");
    refuse(SLICE("# only a comment\n"), "t.yaml:1: the file is empty");
    refuse(SLICE("a: 1\nb: 2\na: 3\n"), "t.yaml:3: duplicate key \"a\", first on line 1");
    refuse(SLICE("a: 1\n? [x]\n: 2\n"), "t.yaml:2: a key must be plain text");
    refuse(SLICE("a: *none\n"), "t.yaml:1: no anchor \"&none\" before this alias");
    refuse(SLICE("a: &x [*x]\n"), "t.yaml:1: no anchor \"&x\" before this alias");
    refuse(SLICE("a: !!python/object:os.system x\nb: !env Y\n"), "t.yaml:2: unknown tag \"!env\"");
    refuse(SLICE("a: 1\n---\nb: 2\n"), "t.yaml:2: a second document; only one is allowed");
    refuse(SLICE("a: \"x\\0y\"\n"), "t.yaml:1: NUL character");
    refuse_with(SLICE("a: [1, 2\nb: 3\n"), "t.yaml:2: ");
    refuse_with(SLICE("a:\n\t- tab\n"), "t.yaml:2: ");
    refuse_with(SLICE("a: \xff\xfe\n"), "t.yaml:1: ");
    refuse_with(SLICE("a: b\0c"), "t.yaml:1: ");
}

TEST(depth_is_bounded)
{
    char text[256] = "";
    memset(text, '[', 32);
    memset(text + 32, ']', 32);
    yaml_tree_free(parse(text));
    memset(text, '[', 33);
    memset(text + 33, ']', 33);
    text[66] = '\0';
    refuse(slice_of(text), "t.yaml:1: nested more than 32 levels deep");
}

TEST(alias_bombs_are_bounded)
{
    refuse_with(SLICE("a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
                      "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"),
                "more than 10000 values");
    struct buf text;
    buf_init(&text, 4u << 20);
    BUF_ADD(&text, "a: &a ");
    for (int i = 0; i < 1 << 18; i++)
        BUF_ADD(&text, "01234567");
    BUF_ADD(&text, "\nb: [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n");
    refuse_with(buf_slice(&text), "too large after expanding aliases");
    buf_free(&text);
}

TEST(oversized_text_is_refused)
{
    size_t len = (4u << 20) + 1;
    char *text = malloc(len);
    assert_non_null(text);
    memset(text, '#', len);
    refuse((struct slice){text, len}, "t.yaml:1: the file is larger than 4 MB");
    free(text);
}

TEST(files_are_read_and_missing_files_named)
{
    char path[] = "/tmp/pointsman-test-yaml-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "a: b\n", 5), 5);
    close(fd);
    struct buf error;
    buf_init(&error, 4096);
    struct yaml_node *root = yaml_load(path, &error);
    assert_non_null(root);
    assert_string_equal(scalar(root, "a"), "b");
    yaml_tree_free(root);
    unlink(path);
    assert_null(yaml_load(path, &error));
    assert_non_null(strstr(buf_text(&error), ":1: can't be read: No such file or directory"));
    buf_clear(&error);
    assert_null(yaml_load("/", &error));
    assert_non_null(strstr(buf_text(&error), "/:1: can't be read: Is a directory"));
    buf_free(&error);
}

/* Any bytes give a tree or a message: each prefix of a rich text, and the text with each byte replaced. */
TEST(any_bytes_give_a_tree_or_a_message)
{
    char text[] = "a: &x [1, {b: 'c'}]\nd: *x\ne: {<<: {f: \"\\u00e9\"}}\ng: |\n  h\n? i\n: - j\n";
    for (size_t i = 0; i < sizeof text; i++) {
        for (int c = -1; c < 256; c += 5) {
            char before = text[i];
            size_t len = c < 0 ? i : sizeof text - 1;
            if (c >= 0)
                text[i] = (char)c;
            struct buf error;
            buf_init(&error, 4096);
            struct yaml_node *root = yaml_parse("t", (struct slice){text, len}, &error);
            assert_true((root != NULL) == (error.len == 0));
            yaml_tree_free(root);
            buf_free(&error);
            text[i] = before;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_have_kind_line_and_key),
        cmocka_unit_test(empty_values_are_empty_scalars),
        cmocka_unit_test(aliases_are_deep_copies),
        cmocka_unit_test(the_latest_anchor_of_a_name_counts),
        cmocka_unit_test(merge_keys_give_defaults),
        cmocka_unit_test(errors_name_file_and_line),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(alias_bombs_are_bounded),
        cmocka_unit_test(oversized_text_is_refused),
        cmocka_unit_test(files_are_read_and_missing_files_named),
        cmocka_unit_test(any_bytes_give_a_tree_or_a_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
