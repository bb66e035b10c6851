/* Unit tests of cli/arguments, cli/help and cli/table: command lines are checked against a row, help is made from it.
 */
#include "tests/unit/unit.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/table.h"

#include <unistd.h>

enum { NUMBER, KIND, AGAIN, FLAG };

static const struct command_option options[] = {
    [NUMBER] = {.name = "number", .letter = 'n', .value = "N", .summary = "how many"},
    [KIND] = {.name = "kind", .value = "KIND", .choices = "red green", .summary = "of which kind"},
    [AGAIN] = {.name = "again", .letter = 'a', .value = "TEXT", .summary = "may be repeated"},
    [FLAG] = {.name = "flag", .letter = 'f', .summary = "a flag"},
    {0},
};

static const struct command plain = {
    .name = "plain",
    .summary = "Do it",
    .operands = "ONE [TWO]",
    .least = 1,
    .most = 2,
    .options = options,
    .about = "About it.",
    .examples = "plain 1\n",
};
static const struct command passing = {
    .name = "passing",
    .summary = "Pass it on",
    .operands = "[ARGS]",
    .most = COMMAND_ANY_OPERANDS,
    .passes_on = true,
    .options = options,
};
static const struct command bare = {.name = "bare", .summary = "Nothing"};

/* Splits the line at spaces and parses it. */
struct given {
    char text[256];
    char *argv[32];
    int argc;
    struct arguments arguments;
    struct buf error;
};

static bool give(struct given *g, const struct command *command, const char *line)
{
    *g = (struct given){0};
    buf_init(&g->error, 1024);
    snprintf(g->text, sizeof g->text, "%s", line);
    for (char *save, *word = strtok_r(g->text, " ", &save); word; word = strtok_r(NULL, " ", &save))
        g->argv[g->argc++] = word;
    return arguments_read(&g->arguments, command, g->argc, g->argv, &g->error);
}

static void drop(struct given *g)
{
    arguments_free(&g->arguments);
    buf_free(&g->error);
}

TEST(options_and_operands_in_any_order)
{
    struct given g;
    assert_true(give(&g, &plain, "plain one --number=7 -f two --kind red -a x --again y -n8"));
    assert_string_equal(g.arguments.values[NUMBER], "8");
    assert_string_equal(g.arguments.values[KIND], "red");
    assert_string_equal(g.arguments.values[FLAG], "");
    assert_int_equal(g.arguments.operand_count, 2);
    assert_string_equal(g.arguments.operands[0], "one");
    assert_string_equal(g.arguments.operands[1], "two");
    assert_null(g.arguments.operands[2]);
    unsigned at = 0;
    assert_string_equal(arguments_each(&g.arguments, AGAIN, &at), "x");
    assert_string_equal(arguments_each(&g.arguments, AGAIN, &at), "y");
    assert_null(arguments_each(&g.arguments, AGAIN, &at));
    long number;
    assert_true(arguments_number(&g.arguments, NUMBER, 1, 10, 3, &number));
    assert_int_equal(number, 8);
    drop(&g);
    assert_true(give(&g, &plain, "plain -- --number"));
    assert_string_equal(g.arguments.operands[0], "--number");
    assert_null(g.arguments.values[NUMBER]);
    assert_true(arguments_number(&g.arguments, NUMBER, 1, 10, 3, &number));
    assert_int_equal(number, 3);
    drop(&g);
}

TEST(options_of_the_other_program_pass)
{
    struct given g;
    assert_true(give(&g, &passing, "passing -f exec --number -f"));
    assert_string_equal(g.arguments.values[FLAG], "");
    assert_int_equal(g.arguments.operand_count, 3);
    assert_string_equal(g.arguments.operands[2], "-f");
    drop(&g);
    assert_true(give(&g, &passing, "passing -- --help"));
    assert_int_equal(g.arguments.operand_count, 1);
    drop(&g);
}

TEST(errors_name_the_argument)
{
    static const struct {
        const struct command *command;
        const char *line, *word;
    } rows[] = {
        {&plain, "plain", "ONE [TWO] is missing"},
        {&plain, "plain 1 2 3", "unexpected argument '3'"},
        {&plain, "plain 1 --nix", "'--nix'"},
        {&plain, "plain 1 -x", "'-x'"},
        {&plain, "plain 1 --number", "--number requires a value"},
        {&plain, "plain 1 --kind blue", "red green, found 'blue'"},
        {&plain, "plain 1 --kind re", "found 're'"},
        {&plain, "plain 1 --flag=yes", "--flag=yes"},
        {&bare, "bare --json", "--json"},
        {&bare, "bare x", "'x'"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct given g;
        assert_false(give(&g, rows[i].command, rows[i].line));
        if (!strstr(buf_text(&g.error), rows[i].word))
            fail_msg("\"%s\": \"%s\" does not contain \"%s\"", rows[i].line, buf_text(&g.error), rows[i].word);
        drop(&g);
    }
}

TEST(numbers_are_checked)
{
    static const char *const lines[] = {"plain 1 -n 0", "plain 1 -n 11",     "plain 1 -n 3x",
                                        "plain 1 -n x", "plain 1 --number=", "plain 1 -n 99999999999999999999"};
    int before = dup(STDERR_FILENO);
    assert_non_null(freopen("/dev/null", "w", stderr));
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        struct given g;
        long number;
        assert_true(give(&g, &plain, lines[i]));
        assert_false(arguments_number(&g.arguments, NUMBER, 1, 10, 3, &number));
        drop(&g);
    }
    dup2(before, STDERR_FILENO);
    close(before);
}

TEST(help_comes_from_the_row)
{
    struct buf out;
    buf_init(&out, 65536);
    help_command(&plain, &out);
    assert_buf(&out, "usage: pointsman plain [--number N] [--kind KIND] [--again TEXT] [--flag] ONE [TWO]\n"
                     "\nDo it.\n\nAbout it.\n\n"
                     "  -n, --number N              how many\n"
                     "  --kind KIND                 of which kind\n"
                     "                              one of: red green\n"
                     "  -a, --again TEXT            may be repeated\n"
                     "  -f, --flag                  a flag\n"
                     "  -h, --help                  show this help\n"
                     "\nExamples:\n  plain 1\n");
    buf_free(&out);
}

/* The parser and the completion rely on these. */
TEST(rows_are_complete)
{
    for (unsigned i = 0; commands[i]; i++) {
        const struct command *command = commands[i];
        struct buf out;
        buf_init(&out, 65536);
        assert_ptr_equal(command_find(command->name), command);
        assert_non_null(command->run);
        assert_true(command->most >= command->least);
        assert_true(command->most == 0 || command->operands);
        assert_true(command->summary[strlen(command->summary) - 1] != '.');
        unsigned count = 0;
        while (command->options && command->options[count].name)
            assert_non_null(command->options[count++].summary);
        assert_true(count <= COMMAND_OPTIONS_MAX);
        help_command(command, &out);
        for (const char *line = buf_text(&out), *end; (end = strchr(line, '\n')); line = end + 1)
            if (end - line > 110)
                fail_msg("%s --help: a line of %d columns: %.40s…", command->name, (int)(end - line), line);
        buf_free(&out);
    }
    assert_null(command_find("nonsense"));
}

TEST(tables_for_scripts_have_tabs)
{
    char text[256];
    FILE *file = tmpfile();
    struct table table;
    assert_non_null(file);
    table_begin(&table, (const char *const[]){"name", "figure"}, 2);
    table_add(&table, STYLE_GOOD, SLICE("a\tb\033[1m"));
    table_add(&table, STYLE_PLAIN, SLICE(""));
    table_add(&table, STYLE_PLAIN, SLICE("c"));
    table_add(&table, STYLE_PLAIN, SLICE("12"));
    table_print(&table, file);
    rewind(file);
    size_t len = fread(text, 1, sizeof text, file);
    assert_slice(((struct slice){text, len}), "a?b?[1m\t\nc\t12\n");
    fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_and_operands_in_any_order), cmocka_unit_test(options_of_the_other_program_pass),
        cmocka_unit_test(errors_name_the_argument),          cmocka_unit_test(numbers_are_checked),
        cmocka_unit_test(help_comes_from_the_row),           cmocka_unit_test(rows_are_complete),
        cmocka_unit_test(tables_for_scripts_have_tabs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
