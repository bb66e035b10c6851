/* Unit tests of common/paths, each in a temporary folder. */
#include "tests/unit/folder.h"
#include "common/paths.h"

#include <fcntl.h>

static const char *const VARIABLES[] = {
    "XDG_RUNTIME_DIR", "TMPDIR", "POINTSMAN_RUNTIME_DIR", "CODEX_HOME", "HOME", "XDG_CONFIG_HOME",
};

static int enter(void **state)
{
    for (size_t i = 0; i < COUNT_OF(VARIABLES); i++)
        unsetenv(VARIABLES[i]);
    return folder_enter(state);
}

static void assert_mode(const char *path, mode_t mode)
{
    struct stat info;
    assert_int_equal(lstat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, mode);
}

static void assert_runtime_dir(const char *expected)
{
    struct buf error;
    buf_init(&error, 1024);
    char *dir = paths_runtime_dir(&error);
    assert_non_null(dir);
    assert_string_equal(dir, expected);
    assert_mode(dir, 0700);
    free(dir);
    buf_free(&error);
}

static void assert_runtime_dir_refused(void)
{
    struct buf error;
    buf_init(&error, 1024);
    assert_null(paths_runtime_dir(&error));
    assert_true(error.len > 0);
    buf_free(&error);
}

TEST(runtime_dir_is_created_private)
{
    mode_t before = umask(0);
    setenv("XDG_RUNTIME_DIR", folder, 1);
    assert_runtime_dir(folder_at("pointsman"));
    assert_runtime_dir(folder_at("pointsman"));
    umask(before);
}

TEST(runtime_dir_is_found_but_not_created)
{
    struct buf error;
    buf_init(&error, 1024);
    setenv("POINTSMAN_RUNTIME_DIR", folder_at("run"), 1);
    assert_null(paths_find_runtime_dir(&error));
    assert_int_equal(error.len, 0);
    assert_int_not_equal(access(folder_at("run"), F_OK), 0);
    assert_int_equal(mkdir(folder_at("run"), 0700), 0);
    char *dir = paths_find_runtime_dir(&error);
    assert_non_null(dir);
    assert_string_equal(dir, folder_at("run"));
    free(dir);
    assert_int_equal(chmod(folder_at("run"), 0755), 0);
    assert_null(paths_find_runtime_dir(&error));
    assert_true(error.len > 0);
    buf_free(&error);
}

static void assert_runtime_name(const char *given, const char *name)
{
    struct buf error;
    buf_init(&error, 1024);
    setenv("POINTSMAN_RUNTIME_DIR", given, 1);
    char *found = paths_runtime_name(&error);
    assert_non_null(found);
    assert_string_equal(found, name);
    free(found);
    buf_free(&error);
}

TEST(runtime_name_is_the_same_with_and_without_the_folder)
{
    assert_int_equal(mkdir(folder_at("real"), 0700), 0);
    assert_int_equal(symlink(folder_at("real"), folder_at("link")), 0);
    for (int there = 0; there < 2; there++) {
        assert_runtime_name(folder_at("link/run"), folder_at("real/run"));
        assert_runtime_name(folder_at("link/run//"), folder_at("real/run"));
        assert_runtime_name(folder_at("link/../real/run"), folder_at("real/run"));
        assert_true(there || mkdir(folder_at("real/run"), 0700) == 0);
    }
    assert_runtime_name(folder_at("absent/child/run"), folder_at("absent/child/run"));
    assert_runtime_name("/absent", "/absent");
    assert_runtime_name("/", "/");
    assert_int_equal(chdir(folder_at("real")), 0);
    assert_runtime_name("other", folder_at("real/other"));
    assert_int_equal(chdir("/"), 0);
}

TEST(runtime_dir_falls_back_to_tmpdir)
{
    char name[64];
    snprintf(name, sizeof name, "pointsman-%u", (unsigned)getuid());
    setenv("TMPDIR", folder, 1);
    assert_runtime_dir(folder_at(name));
    setenv("POINTSMAN_RUNTIME_DIR", folder_at("chosen"), 1);
    assert_runtime_dir(folder_at("chosen"));
}

TEST(runtime_dir_open_to_others_is_refused)
{
    setenv("POINTSMAN_RUNTIME_DIR", folder_at("open"), 1);
    assert_int_equal(mkdir(folder_at("open"), 0700), 0);
    assert_int_equal(chmod(folder_at("open"), 0750), 0);
    assert_runtime_dir_refused();
}

TEST(runtime_dir_that_is_a_link_or_a_file_is_refused)
{
    assert_int_equal(mkdir(folder_at("real"), 0700), 0);
    assert_int_equal(symlink(folder_at("real"), folder_at("link")), 0);
    setenv("POINTSMAN_RUNTIME_DIR", folder_at("link"), 1);
    assert_runtime_dir_refused();
    int fd = open(folder_at("file"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
    setenv("POINTSMAN_RUNTIME_DIR", folder_at("file"), 1);
    assert_runtime_dir_refused();
}

TEST(runtime_dir_without_a_parent_is_refused)
{
    setenv("POINTSMAN_RUNTIME_DIR", folder_at("absent/child"), 1);
    assert_runtime_dir_refused();
}

TEST(codex_home)
{
    assert_null(paths_codex_home());
    setenv("HOME", folder, 1);
    char *home = paths_codex_home();
    assert_string_equal(home, folder_at(".codex"));
    free(home);
    setenv("CODEX_HOME", folder_at("codex"), 1);
    home = paths_codex_home();
    assert_string_equal(home, folder_at("codex"));
    free(home);
}

TEST(log_dir_is_created_with_its_parent)
{
    struct buf error;
    buf_init(&error, 1024);
    setenv("CODEX_HOME", folder_at("codex"), 1);
    for (int round = 0; round < 2; round++) {
        char *dir = paths_log_dir(&error);
        assert_non_null(dir);
        assert_string_equal(dir, folder_at("codex/logs"));
        assert_mode(dir, 0700);
        free(dir);
    }
    assert_mode(folder_at("codex"), 0700);
    setenv("CODEX_HOME", folder_at("a/b"), 1);
    unsetenv("CODEX_HOME");
    assert_null(paths_log_dir(&error));
    assert_true(error.len > 0);
    buf_free(&error);
}

static void touch(const char *path)
{
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
}

TEST(user_configuration_comes_first)
{
    setenv("HOME", folder, 1);
    assert_int_equal(mkdir(folder_at("installed"), 0700), 0);
    assert_null(paths_config_file("x.yaml", folder_at("installed")));

    touch(folder_at("installed/x.yaml"));
    char *found = paths_config_file("x.yaml", folder_at("installed"));
    assert_string_equal(found, folder_at("installed/x.yaml"));
    free(found);

    assert_int_equal(mkdir(folder_at(".config"), 0700), 0);
    assert_int_equal(mkdir(folder_at(".config/pointsman"), 0700), 0);
    touch(folder_at(".config/pointsman/x.yaml"));
    found = paths_config_file("x.yaml", folder_at("installed"));
    assert_string_equal(found, folder_at(".config/pointsman/x.yaml"));
    free(found);

    setenv("XDG_CONFIG_HOME", folder_at("elsewhere"), 1);
    found = paths_config_file("x.yaml", folder_at("installed"));
    assert_string_equal(found, folder_at("installed/x.yaml"));
    free(found);
}

TEST(join)
{
    char *path = paths_join("/a/b", "c");
    assert_string_equal(path, "/a/b/c");
    free(path);
}

#define PATHS_TEST(function) cmocka_unit_test_setup_teardown(function, enter, folder_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PATHS_TEST(runtime_dir_is_created_private),
        PATHS_TEST(runtime_dir_is_found_but_not_created),
        PATHS_TEST(runtime_name_is_the_same_with_and_without_the_folder),
        PATHS_TEST(runtime_dir_falls_back_to_tmpdir),
        PATHS_TEST(runtime_dir_open_to_others_is_refused),
        PATHS_TEST(runtime_dir_that_is_a_link_or_a_file_is_refused),
        PATHS_TEST(runtime_dir_without_a_parent_is_refused),
        PATHS_TEST(codex_home),
        PATHS_TEST(log_dir_is_created_with_its_parent),
        PATHS_TEST(user_configuration_comes_first),
        cmocka_unit_test(join),
    };
    return cmocka_run_group_tests_name("paths", tests, NULL, NULL);
}
