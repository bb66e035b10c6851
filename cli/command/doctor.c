/* pointsman doctor: what is well, and what would mend the rest. */
#include "cli/command.h"
#include "cli/doctor.h"
#include "cli/table.h"
#include "common/json.h"

enum { JSON };

static const struct command_option options[] = {
    [JSON] = {.name = "json", .summary = "the findings as one JSON object"},
    {0},
};

static void print_json(const struct doctor *doctor, bool well)
{
    struct buf out;
    buf_init(&out, 1u << 20);
    buf_add_format(&out, "{\"ok\":%s,\"findings\":[", well ? "true" : "false");
    for (unsigned i = 0; i < doctor->count; i++) {
        const struct finding *finding = &doctor->list[i];
        buf_add_format(&out, "%s{\"ok\":%s,\"name\":", i ? "," : "", finding->well ? "true" : "false");
        json_add_string(&out, slice_of(finding->name));
        BUF_ADD(&out, ",\"detail\":");
        json_add_string(&out, slice_of(finding->detail));
        BUF_ADD(&out, ",\"remedy\":");
        json_add_string(&out, slice_of(finding->remedy));
        BUF_ADD(&out, "}");
    }
    BUF_ADD(&out, "]}");
    puts(buf_text(&out));
    buf_free(&out);
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
        buf_add_format(&text, "%s%s%s", finding->detail, finding->well ? "" : " -> ", finding->remedy);
        table_add(&table, finding->well ? STYLE_GOOD : STYLE_BAD, slice_of(finding->well ? "OK" : "FIX"));
        table_add(&table, STYLE_PLAIN, slice_of(finding->name));
        table_add(&table, STYLE_PLAIN, buf_slice(&text));
    }
    table_print(&table, stdout);
    buf_free(&text);
}

static int run(const struct arguments *arguments)
{
    static struct doctor doctor;
    bool well = true;
    doctor_look_at_programs(&doctor);
    doctor_look_at_files(&doctor);
    doctor_look_at_session(&doctor);
    doctor_look_at_models(&doctor);
    for (unsigned i = 0; i < doctor.count; i++)
        well = well && doctor.list[i].well;
    if (arguments->values[JSON])
        print_json(&doctor, well);
    else
        print_table(&doctor);
    return well ? EXIT_OK : EXIT_FAULT;
}

const struct command command_doctor = {
    .name = "doctor",
    .summary = "Look at everything that pointsman needs, and say what would mend it",
    .about =
        "One row a finding: OK or FIX, what it is, what was found, and after \"->\" the remedy. Changes nothing, and\n"
        "shows no key. Ends with 1 when something must be mended.",
    .examples = "pointsman doctor\n"
                "pointsman doctor --json | jq -r '.findings[] | select(.ok | not) | .remedy'\n",
    .options = options,
    .run = run,
};
