/* Unit tests of proxy/keys/gate_models, and of the routes and model aliases of keys. */
#include "tests/unit/key_lab.h"

#define LIST(literal) ((struct key_list){{literal, sizeof(literal)}})
#define ALL ((struct key_list){{NULL, 0}})

static struct key_ref ref;

static bool may(const char *alias, const char *target)
{
    return gate_allows_model(&lab, &ref, slice_of(alias), slice_of(target), &lab_refusal);
}

/* Gives "sk-one" these models, in a team or with a user that has those. */
static void set(struct key_list models, enum account_kind above, struct key_list theirs)
{
    struct account_def a = lab_account(above, "a");
    struct key_def key = lab_key("sk-one");
    a.models = theirs;
    lab_put(&a);
    key.models = models;
    key.team = above == ACCOUNT_TEAM ? a.id : 0;
    key.user = above == ACCOUNT_USER ? a.id : 0;
    lab_put_key(&key);
    ref = lab_find("sk-one");
}

TEST(lists_of_models)
{
    static const struct {
        struct key_list list;
        const char *alias, *target;
        bool allowed;
    } CASES[] = {
        {{{NULL, 0}}, "any", "openai/gpt", true},
        {{{"*", 2}}, "any", "", true},
        {{{"all-proxy-models", 17}}, "any", "", true},
        {{{"no-default-models", 18}}, "any", "openai/gpt", false},
        {{{"all-team-models", 16}}, "any", "openai/gpt", false}, /* it has no team */
        {{{"codex\0light", 12}}, "light", "", true},
        {{{"codex\0light", 12}}, "ligh", "", false},
        {{{"codex\0light", 12}}, "light2", "", false},
        {{{"codex\0light", 12}}, "CODEX", "", false},
        {{{"openai/gpt", 11}}, "codex", "openai/gpt", true}, /* the model behind the alias */
        {{{"openai/gpt", 11}}, "codex", "openai/gpt-5", false},
        {{{"openai/*", 9}}, "codex", "openai/gpt-5", true},
        {{{"openai/*", 9}}, "openai/x", "", true},
        {{{"openai/*", 9}}, "codex", "azure/openai/gpt", false},
        {{{"cod*", 5}}, "codex", "", true},
        {{{"c*x", 4}}, "codex", "", false},
    };
    lab_new_key("sk-one", NULL);
    for (unsigned i = 0; i < COUNT_OF(CASES); i++) {
        set(CASES[i].list, ACCOUNT_USER, ALL);
        if (may(CASES[i].alias, CASES[i].target) != CASES[i].allowed)
            print_error("case %u\n", i);
        assert_int_equal(may(CASES[i].alias, CASES[i].target), CASES[i].allowed);
        assert_int_equal(gate_lists_model(&lab, &ref, slice_of(CASES[i].alias), slice_of(CASES[i].target)),
                         CASES[i].allowed);
    }
}

TEST(a_refusal_says_what_is_allowed)
{
    lab_new_key("sk-one", NULL);
    set(LIST("codex\0light"), ACCOUNT_TEAM, LIST("codex\0dark"));
    assert_false(may("gpt", ""));
    assert_string_equal(lab_refusal.message, "This key may not call the model \"gpt\": it may call codex, light.");
    assert_int_equal(lab_refusal.status, 400);
    assert_string_equal(lab_refusal.type, "key_model_access_denied");
    assert_string_equal(lab_refusal.code, "model_not_found");
    assert_string_equal(lab_refusal.param, "model");
    assert_true(may("codex", ""));
    assert_false(may("light", "")); /* the team's list counts, too */
    lab_refused(400, "The team of this key may not call the model \"light\": it may call codex, dark.");
    assert_string_equal(lab_refusal.type, "team_model_access_denied");
    set(LIST("all-team-models"), ACCOUNT_TEAM, LIST("codex\0dark"));
    assert_true(may("dark", ""));
    assert_false(may("light", ""));
    set(LIST("codex\0light"), ACCOUNT_USER, LIST("codex"));
    assert_false(may("light", ""));
    assert_string_equal(lab_refusal.type, "user_model_access_denied");
    static char many[3000];
    memset(many, 'm', sizeof many);
    for (unsigned i = 100; i < sizeof many; i += 100)
        many[i] = 0;
    many[sizeof many - 1] = 0;
    set((struct key_list){{many, sizeof many}}, ACCOUNT_USER, ALL);
    assert_false(may(many + 50, ""));
    lab_refused(400, "mm, …."); /* as many as fit */
    table_remove_key(lab.table, ref.account);
    assert_false(may("codex", ""));
    lab_refused(401, "not known");
}

static bool in_group(void *ctx, struct slice group, struct slice alias)
{
    assert_string_equal(ctx, "groups");
    return slice_is(group, "cheap-models") && (slice_is(alias, "light") || slice_is(alias, "mini"));
}

TEST(access_groups)
{
    lab_new_key("sk-one", NULL);
    set(LIST("codex\0cheap-models"), ACCOUNT_TEAM, ALL);
    assert_false(may("mini", ""));
    lab.in_group = in_group;
    lab.group_ctx = "groups";
    assert_true(may("mini", "") && may("light", "") && may("codex", ""));
    assert_false(may("dear", ""));
}

TEST(the_master_key_may_all)
{
    struct account_def own = lab_account(ACCOUNT_MASTER, "");
    struct key_hold hold;
    lab_put(&own);
    struct key_def key = lab_key("master");
    key.account = own.id;
    key.master = true;
    key.routes = 0;
    key.models = LIST("no-default-models");
    lab_put_key(&key);
    ref = lab_find("master");
    assert_true(ref.master && may("any", ""));
    assert_true(gate_allows_route(&lab, &ref, KEY_ROUTE_MANAGE, SLICE("/key/generate"), &lab_refusal));
    assert_true(lab_hold_for(&ref, USD(9), 1, &hold)); /* and its calls are counted */
    lab_settle(&hold, USD(8), 1);
    assert_int_equal(lab_read(own.id).total_nano, USD(8));
}

static bool may_call(enum key_route route, const char *path)
{
    return gate_allows_route(&lab, &ref, route, slice_of(path), &lab_refusal);
}

TEST(routes)
{
    lab_new_key("sk-one", NULL);
    struct key_def key = lab_key("sk-one");
    ref = lab_find("sk-one");
    key.routes = KEY_ROUTE_LLM | KEY_ROUTE_READ;
    lab_put_key(&key);
    assert_true(may_call(KEY_ROUTE_LLM, "/v1/responses") && may_call(KEY_ROUTE_READ, "/key/info"));
    assert_false(may_call(KEY_ROUTE_MANAGE, "/key/generate"));
    lab_refused(403, "This key may not call /key/generate");
    key.paths = LIST("/v1/chat/*\0/key/info");
    lab_put_key(&key);
    assert_true(may_call(KEY_ROUTE_LLM, "/v1/chat/completions") && may_call(KEY_ROUTE_READ, "/key/info"));
    assert_false(may_call(KEY_ROUTE_LLM, "/v1/responses"));
    assert_false(may_call(KEY_ROUTE_READ, "/key/info2"));
    key.paths = LIST("llm_api_routes\0info_routes");
    lab_put_key(&key);
    assert_true(may_call(KEY_ROUTE_LLM, "/v1/responses") && may_call(KEY_ROUTE_READ, "/key/info"));
    assert_false(may_call(KEY_ROUTE_MANAGE, "/key/generate"));
    key.paths = LIST("management_routes");
    lab_put_key(&key);
    assert_true(may_call(KEY_ROUTE_MANAGE, "/key/generate") && may_call(KEY_ROUTE_READ, "/key/info"));
    assert_false(may_call(KEY_ROUTE_LLM, "/v1/responses"));
    table_remove_key(lab.table, key.account);
    assert_false(may_call(KEY_ROUTE_MANAGE, "/key/generate"));
}

TEST(model_aliases_and_names)
{
    struct account_def team = lab_account(ACCOUNT_TEAM, "core"), user = lab_account(ACCOUNT_USER, "ann");
    struct gate_names names;
    char out[KEY_NAME_MAX + 1] = "";
    lab_new_key("sk-one", NULL);
    struct key_def key = lab_key("sk-one");
    team.label = SLICE("The core team");
    key.team = lab_put(&team);
    key.user = lab_put(&user);
    key.aliases = LIST("gpt-4\0codex\0claude\0codex-light\0odd");
    key.tags = LIST("red\0blue");
    lab_put_key(&key);
    ref = lab_find("sk-one");
    assert_true(gate_model_alias(&lab, &ref, SLICE("claude"), out));
    assert_string_equal(out, "codex-light");
    assert_false(gate_model_alias(&lab, &ref, SLICE("codex"), out));
    assert_false(gate_model_alias(&lab, &ref, SLICE("codex-light"), out));
    assert_string_equal(out, "codex-light");
    gate_names(&lab, &ref, &names);
    assert_string_equal(names.alias, "agent-7");
    assert_string_equal(names.team, "core");
    assert_string_equal(names.user, "ann");
    assert_string_equal(names.tags, "red,blue");
    table_remove_account(lab.table, team.id);
    gate_names(&lab, &ref, &names);
    assert_string_equal(names.team, "");
    table_remove_account(lab.table, key.account);
    gate_names(&lab, &ref, &names);
    assert_string_equal(names.alias, "");
    assert_false(gate_model_alias(&lab, &ref, SLICE("claude"), out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LAB_TEST(lists_of_models), LAB_TEST(a_refusal_says_what_is_allowed),
        LAB_TEST(access_groups),   LAB_TEST(the_master_key_may_all),
        LAB_TEST(routes),          LAB_TEST(model_aliases_and_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
