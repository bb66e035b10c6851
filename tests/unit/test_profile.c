/* Unit tests of cli/profile: the managed profiles on the disk. Every file is restored, whatever changed in between. */
#include "tests/unit/folder.h"

#include "cli/profile.h"
#include "cli/profile_disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>

#define MODELS "{\"models\":[{\"slug\":\"gpt-5.5\",\"display_name\":\"GPT\",\"base_instructions\":\"You are\"}]}"

static struct buf why;

static int set_up(void **state)
{
    buf_init(&why, 10000);
    return folder_enter(state) || setenv("CODEX_HOME", folder, 1);
}

static int tear_down(void **state)
{
    buf_free(&why);
    return folder_leave(state);
}

static struct profile_request request_for(unsigned minor, bool make_default, bool keep)
{
    return (struct profile_request){
        .spec = {.style = profile_style_of(&(struct codex_version){0, minor, 0}),
                 .make_default = make_default,
                 .model = "codex-default",
                 .base_url = "http://127.0.0.1:4000/v1",
                 .key_command = "pointsman"},
        .keep = keep,
    };
}

static void put(const char *name, struct slice text, mode_t mode)
{
    int fd = open(folder_at(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text.ptr, text.len), text.len);
    assert_int_equal(fchmod(fd, mode), 0);
    (void)close(fd);
}

static struct profile_bytes get(const char *name)
{
    struct profile_bytes now;
    assert_true(profile_read(folder_at(name), &now, &why));
    return now;
}

static void holds(const char *name, struct slice text)
{
    struct profile_bytes now = get(name);
    if (!now.exists || !slice_equal(buf_slice(&now.text), text))
        fail_msg("%s is \"%.*s\", not \"%.*s\"", name, SLICE_ARGS(buf_slice(&now.text)), SLICE_ARGS(text));
    buf_free(&now.text);
}

static bool has(const char *name, const char *text)
{
    struct profile_bytes now = get(name);
    bool found = now.text.len && memmem(now.text.data, now.text.len, text, strlen(text));
    buf_free(&now.text);
    return found;
}

static mode_t mode_of(const char *name)
{
    struct stat st;
    assert_int_equal(stat(folder_at(name), &st), 0);
    return st.st_mode & 07777;
}

static bool is_there(const char *name)
{
    return access(folder_at(name), F_OK) == 0;
}

/* Returns the number of files in CODEX_HOME. */
static unsigned file_count(void)
{
    struct dirent **names;
    int count = scandir(folder, &names, NULL, NULL);
    assert_true(count >= 2);
    for (int i = 0; i < count; i++)
        free(names[i]);
    free(names);
    return (unsigned)count - 2;
}

static void enable(unsigned minor, bool make_default)
{
    struct profile_request request = request_for(minor, make_default, true);
    if (!profile_enable(&request, NULL, &why))
        fail_msg("%s", buf_text(&why));
}

static void disable(enum profile_outcome expected)
{
    enum profile_outcome outcome = profile_disable(&why);
    if (outcome != expected)
        fail_msg("%d: %s", outcome, buf_text(&why));
}

TEST(unusual_files_are_restored_exactly)
{
    static const char *const texts[] = {
        "", "model = 'x'", "a = 1\r\n[b]\r\nc = 2\r\n", "\n\n\n", "\xEF\xBB\xBF# c\nmodel = \"\"\"\nm\"\"\"",
    };
    static const mode_t modes[] = {0600, 0644, 0444, 0400};
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        for (size_t m = 0; m < COUNT_OF(modes); m++)
            for (unsigned minor = 133; minor <= 169; minor += 36) {
                put("config.toml", slice_of(texts[i]), modes[m]);
                enable(minor, true);
                assert_true(has("config.toml", "cost-routing-default") && is_there("pointsman-profiles.json"));
                assert_int_equal(mode_of("config.toml"), modes[m]);
                assert_int_equal(is_there("cost-routing.config.toml"), minor == 169);
                disable(PROFILE_DONE);
                holds("config.toml", slice_of(texts[i]));
                assert_int_equal(mode_of("config.toml"), modes[m]);
                assert_int_equal(file_count(), 1);
                assert_int_equal(unlink(folder_at("config.toml")), 0);
            }
}

TEST(absent_file_is_absent_afterwards)
{
    enable(133, true);
    assert_int_equal(mode_of("config.toml"), 0600);
    disable(PROFILE_DONE);
    disable(PROFILE_WAS_OFF);
    enable(169, true);
    disable(PROFILE_DONE);
    assert_int_equal(file_count(), 0);
}

TEST(link_stays_a_link)
{
    struct stat st;
    put("real.toml", SLICE("a = 1"), 0640);
    assert_int_equal(symlink("real.toml", folder_at("config.toml")), 0);
    enable(169, true);
    assert_true(has("real.toml", "cost-routing-default"));
    disable(PROFILE_DONE);
    assert_int_equal(lstat(folder_at("config.toml"), &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    holds("real.toml", SLICE("a = 1"));
    assert_int_equal(mode_of("real.toml"), 0640);
    assert_int_equal(unlink(folder_at("real.toml")), 0);
    struct profile_request request = request_for(169, true, true);
    assert_false(profile_enable(&request, NULL, &why));
    assert_non_null(strstr(buf_text(&why), "config.toml: can't resolve the path"));
    assert_int_equal(file_count(), 1);
}

TEST(uneditable_file_is_an_error_and_stays)
{
    struct profile_request request = request_for(169, true, true);
    put("config.toml", SLICE("a = \"\n"), 0600);
    assert_false(profile_enable(&request, NULL, &why));
    assert_non_null(strstr(buf_text(&why), "config.toml:1: unterminated string"));
    assert_int_equal(file_count(), 1);
    assert_int_equal(profile_look(&why).state, PROFILE_STANDARD);
}

TEST(changes_by_others_are_kept)
{
    put("config.toml", SLICE("model = 'x'\n[a]\n"), 0600);
    enable(133, true);
    struct profile_bytes now = get("config.toml");
    buf_add_text(&now.text, "[projects.\"/x\"]\ntrust_level = \"trusted\"\n");
    put("config.toml", buf_slice(&now.text), 0600);
    buf_free(&now.text);
    disable(PROFILE_DONE);
    holds("config.toml", SLICE("model = 'x'\n[a]\n[projects.\"/x\"]\ntrust_level = \"trusted\"\n"));
    assert_int_equal(file_count(), 1);
    /* The same in a profile's file, where enabling again keeps it. */
    enable(169, false);
    put("cost-routing.config.toml", SLICE("model_provider = \"cost-routing\"\nmodel = \"codex-deep\"\nb = 1\n"), 0600);
    disable(PROFILE_DONE);
    holds("cost-routing.config.toml", SLICE("b = 1\n"));
    enable(169, false);
    assert_true(has("cost-routing.config.toml", "b = 1\n") && has("cost-routing.config.toml", "codex-default"));
    disable(PROFILE_DONE);
    holds("cost-routing.config.toml", SLICE("b = 1\n"));
}

TEST(removed_file_stays_removed)
{
    put("config.toml", SLICE("a = 1\n"), 0600);
    enable(169, true);
    assert_int_equal(unlink(folder_at("config.toml")), 0);
    assert_int_equal(unlink(folder_at("cost-routing.config.toml")), 0);
    disable(PROFILE_DONE);
    assert_int_equal(file_count(), 0);
}

TEST(enabling_again_writes_only_differences)
{
    put("config.toml", SLICE("a = 1\n"), 0600);
    enable(133, true);
    enable(169, false);
    holds("config.toml", SLICE("a = 1\n"));
    assert_true(is_there("cost-routing.config.toml"));
    struct stat first, second;
    assert_int_equal(stat(folder_at("cost-routing.config.toml"), &first), 0);
    enable(169, false);
    assert_int_equal(stat(folder_at("cost-routing.config.toml"), &second), 0);
    assert_int_equal(first.st_ino, second.st_ino); /* nothing was written */
    put("cost-routing.config.toml", SLICE("c = 1\n"), 0600);
    enable(169, false);
    assert_true(has("cost-routing.config.toml", "c = 1\n") && has("cost-routing.config.toml", "codex-default"));
    disable(PROFILE_DONE);
    holds("cost-routing.config.toml", SLICE("c = 1\n"));
}

TEST(without_an_undo_file_the_marks_decide)
{
    put("config.toml", SLICE("model = 'x'\n"), 0600);
    enable(133, true);
    assert_int_equal(unlink(folder_at("pointsman-profiles.json")), 0);
    assert_int_equal(profile_look(&why).state, PROFILE_STANDARD);
    enable(133, true);
    disable(PROFILE_DONE);
    holds("config.toml", SLICE("model = 'x'\n"));
    enable(169, true);
    assert_int_equal(unlink(folder_at("pointsman-profiles.json")), 0);
    disable(PROFILE_DONE);
    holds("config.toml", SLICE("model = 'x'\n"));
    assert_int_equal(file_count(), 1);
}

TEST(invalid_undo_file_is_an_error)
{
    put("pointsman-profiles.json", SLICE("{\"version\":1"), 0600);
    disable(PROFILE_FAILED);
    assert_non_null(strstr(buf_text(&why), "pointsman-profiles.json: not an undo file"));
    assert_int_equal(profile_look(&why).state, PROFILE_UNKNOWN);
    assert_true(is_there("pointsman-profiles.json"));
}

TEST(catalogs_are_written_if_needed)
{
    struct profile_request request = request_for(169, false, true);
    put("proxy.yaml",
        SLICE("model_list: [{model_name: codex-light, litellm_params: {model: openai/x}, "
              "model_info: {max_input_tokens: 5000}}]\n"),
        0600);
    char *config = strdup(folder_at("proxy.yaml"));
    request.config = config;
    request.codex_models = SLICE(MODELS);
    assert_true(profile_enable(&request, NULL, &why));
    assert_true(has("cost-routing-hf.models.json", "\"slug\":\"openai/gpt-oss-120b:fastest\"") &&
                has("cost-routing-hf.models.json", "\"context_window\":131072") &&
                has("cost-routing-hf.config.toml", "model_catalog_json = \"cost-routing-hf.models.json\""));
    assert_false(is_there("cost-routing.models.json"));
    request.spec.style = profile_style_of(&(struct codex_version){0, 133, 0});
    assert_true(profile_enable(&request, NULL, &why));
    assert_true(has("cost-routing.models.json", "\"slug\":\"codex-light\"") &&
                has("cost-routing.models.json", "\"context_window\":5000"));
    disable(PROFILE_DONE);
    assert_int_equal(file_count(), 1);
    free(config);
}

TEST(last_lease_restores)
{
    struct profile_request request = request_for(133, false, false);
    struct lease a = LEASE_NONE, b = LEASE_NONE;
    put("config.toml", SLICE("a = 1"), 0600);
    assert_true(profile_enable(&request, &a, &why) && profile_enable(&request, &b, &why));
    assert_int_equal(profile_look(&why).state, PROFILE_COST_ROUTING);
    assert_int_equal(profile_recover(&why), PROFILE_WAS_OFF);
    assert_int_equal(profile_leave(&a, &why), PROFILE_LATER);
    assert_true(has("config.toml", "cost-routing"));
    assert_int_equal(profile_leave(&b, &why), PROFILE_DONE);
    holds("config.toml", SLICE("a = 1"));
    assert_int_equal(file_count(), 1);
}

TEST(enabled_profile_outlives_leases)
{
    struct profile_request request = request_for(169, false, false);
    struct lease a = LEASE_NONE;
    put("config.toml", SLICE("a = 1"), 0600);
    enable(169, true);
    assert_true(profile_enable(&request, &a, &why));
    assert_true(has("config.toml", "cost-routing-default"));
    assert_int_equal(profile_leave(&a, &why), PROFILE_WAS_OFF);
    assert_true(is_there("cost-routing.config.toml") && !is_there("pointsman.lease"));
    /* Disabled while in use: the last holder restores the files. */
    assert_true(profile_enable(&request, &a, &why));
    disable(PROFILE_LATER);
    assert_true(has("config.toml", "cost-routing-default"));
    assert_int_equal(profile_leave(&a, &why), PROFILE_DONE);
    holds("config.toml", SLICE("a = 1"));
    assert_int_equal(file_count(), 1);
    /* Enabled while in use. */
    assert_true(profile_enable(&request, &a, &why));
    enable(169, false);
    assert_int_equal(profile_leave(&a, &why), PROFILE_WAS_OFF);
    assert_true(is_there("cost-routing.config.toml"));
}

TEST(leftovers_of_a_killed_process_are_undone)
{
    put("config.toml", SLICE("a = 1"), 0600);
    pid_t child = fork();
    if (child == 0) {
        struct profile_request request = request_for(133, false, false);
        struct lease mine = LEASE_NONE;
        _exit(profile_enable(&request, &mine, &why) ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(has("config.toml", "cost-routing") && is_there("pointsman.lease"));
    assert_int_equal(profile_look(&why).state, PROFILE_INTERRUPTED);
    assert_true(is_there("pointsman.lease")); /* profile_look() removes nothing */
    assert_int_equal(profile_recover(&why), PROFILE_DONE);
    assert_int_equal(profile_look(&why).state, PROFILE_STANDARD);
    holds("config.toml", SLICE("a = 1"));
    assert_int_equal(file_count(), 1);
}

TEST(missing_home_is_created_only_if_needed)
{
    char *home = strdup(folder_at("new"));
    assert_int_equal(setenv("CODEX_HOME", home, 1), 0);
    disable(PROFILE_WAS_OFF);
    assert_int_equal(profile_look(&why).state, PROFILE_STANDARD);
    assert_int_equal(access(home, F_OK), -1);
    enable(169, false);
    assert_int_equal(access(home, F_OK), 0);
    free(home);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(unusual_files_are_restored_exactly, set_up, tear_down),
        cmocka_unit_test_setup_teardown(absent_file_is_absent_afterwards, set_up, tear_down),
        cmocka_unit_test_setup_teardown(link_stays_a_link, set_up, tear_down),
        cmocka_unit_test_setup_teardown(uneditable_file_is_an_error_and_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(changes_by_others_are_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(removed_file_stays_removed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(enabling_again_writes_only_differences, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_an_undo_file_the_marks_decide, set_up, tear_down),
        cmocka_unit_test_setup_teardown(invalid_undo_file_is_an_error, set_up, tear_down),
        cmocka_unit_test_setup_teardown(catalogs_are_written_if_needed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(last_lease_restores, set_up, tear_down),
        cmocka_unit_test_setup_teardown(enabled_profile_outlives_leases, set_up, tear_down),
        cmocka_unit_test_setup_teardown(leftovers_of_a_killed_process_are_undone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(missing_home_is_created_only_if_needed, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
