/* pointsman doctor: checks the setup and prints a fix for each problem. */
#include "cli/command.h"
#include "cli/doctor.h"
#include "cli/table.h"
#include "cli/terminal.h"

enum { JSON };

static const struct command_option options[] = {
    [JSON] = {.name = "json", .summary = "print the results as one JSON object"},
    {0},
};

static bool print_json(const struct doctor *doctor, bool ok)
{
    struct document d;
    struct container root = document_object(&d);
    document_add_bool(root, "ok", ok);
    struct container findings = document_add_array(root, "findings");
    for (unsigned i = 0; i < doctor->count; i++) {
        struct container finding = document_add_object(findings, NULL);
        document_add_bool(finding, "ok", doctor->list[i].ok);
        document_add_text(finding, "name", doctor->list[i].name);
        document_add_text(finding, "detail", doctor->list[i].detail);
        document_add_text(finding, "remedy", doctor->list[i].fix);
    }
    return print_document(&d, stdout);
}

static void print_table(const struct doctor *doctor)
{
    struct table table;
    struct buf text;
    buf_init(&text, 4096);
    table_begin(&table, (const char *const[]){"", "what", "found"}, 3);
    for (unsigned i = 0; i < doctor->count; i++) {
        const struct finding *finding = &doctor->list[i];
        buf_clear(&text);
        buf_add_format(&text, "%s%s%s", finding->detail, finding->ok ? "" : " -> ", finding->fix);
        table_add(&table, finding->ok ? STYLE_GOOD : STYLE_BAD, slice_of(finding->ok ? "OK" : "FIX"));
        table_add(&table, STYLE_PLAIN, slice_of(finding->name));
        table_add_text(&table, STYLE_PLAIN, &text);
    }
    table_print(&table, stdout);
    buf_free(&text);
}

static int run(const struct arguments *arguments)
{
    static struct doctor doctor;
    bool ok = true;
    doctor_check_programs(&doctor);
    doctor_check_files(&doctor);
    doctor_check_session(&doctor);
    doctor_check_models(&doctor);
    for (unsigned i = 0; i < doctor.count; i++)
        ok = ok && doctor.list[i].ok;
    if (!arguments->values[JSON])
        print_table(&doctor);
    else if (!print_json(&doctor, ok))
        return EXIT_FAULT;
    return ok ? EXIT_OK : EXIT_FAULT;
}

const struct command command_doctor = {
    .name = "doctor",
    .summary = "Check the setup and suggest fixes",
    .about =
        "Prints one row per check: OK or FIX, what was checked, the result, and a fix after \"->\". Changes nothing\n"
        "and shows no key. Exits with 1 if anything needs fixing.",
    .examples = "pointsman doctor\n"
                "pointsman doctor --json | jq -r '.findings[] | select(.ok | not) | .remedy'\n",
    .options = options,
    .run = run,
};
