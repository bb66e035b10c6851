/* Unit tests of common/install_key: one key per installation, also if processes race, and a random one if its file
 * can't be trusted. */
#include "tests/unit/folder.h"
#include "common/install_key.h"
#include "common/log.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/wait.h>

static unsigned char derived[INSTALL_KEY_BYTES];

/* Forgets the key and loads it again, as a new process would. Returns whether it is the file's. */
static bool load(const char *from)
{
    install_key_forget();
    bool of_file = install_key_load(from);
    install_key_derive(INSTALL_KEY_CONVERSATION, derived);
    return of_file;
}

static bool load_again_is_same(const char *from)
{
    unsigned char before[INSTALL_KEY_BYTES];
    memcpy(before, derived, sizeof before);
    return load(from) && memcmp(before, derived, sizeof before) == 0;
}

static unsigned count_files(void)
{
    unsigned count = 0;
    DIR *list = opendir(folder);
    assert_non_null(list);
    for (const struct dirent *file; (file = readdir(list));)
        count += *file->d_name != '.';
    closedir(list);
    return count;
}

static void write_file(size_t size, mode_t mode)
{
    FILE *file = fopen(folder_at(INSTALL_KEY_FILE), "w");
    assert_non_null(file);
    for (size_t i = 0; i < size; i++)
        assert_int_equal(fputc('k', file), 'k');
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(folder_at(INSTALL_KEY_FILE), mode), 0);
}

TEST(key_is_created_once_and_stays)
{
    struct stat st;
    assert_true(load(folder));
    assert_int_equal(stat(folder_at(INSTALL_KEY_FILE), &st), 0);
    assert_int_equal(st.st_size, INSTALL_KEY_BYTES);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(count_files(), 1); /* no temporary file is left */
    assert_true(load_again_is_same(folder));
}

TEST(purposes_have_different_keys_and_none_is_the_file)
{
    static const char *const purposes[] = {INSTALL_KEY_CONVERSATION, INSTALL_KEY_HINT, INSTALL_KEY_CACHE};
    unsigned char keys[4][INSTALL_KEY_BYTES];
    assert_true(load(folder));
    for (unsigned i = 0; i < 3; i++)
        install_key_derive(purposes[i], keys[i]);
    FILE *file = fopen(folder_at(INSTALL_KEY_FILE), "r");
    assert_int_equal(fread(keys[3], 1, INSTALL_KEY_BYTES, file), INSTALL_KEY_BYTES);
    assert_int_equal(fclose(file), 0);
    for (unsigned i = 0; i < 4; i++)
        for (unsigned k = i + 1; k < 4; k++)
            assert_memory_not_equal(keys[i], keys[k], INSTALL_KEY_BYTES);
}

/* The key is a public format: stored values and hints depend on it. */
TEST(derivation_does_not_change)
{
    static const unsigned char expected[] = {0xac, 0x94, 0x54, 0x6e, 0x95, 0x33, 0xc9, 0x43};
    write_file(INSTALL_KEY_BYTES, 0600);
    assert_true(load(folder));
    assert_memory_equal(derived, expected, sizeof expected);
}

TEST(without_a_folder_the_key_is_random_and_nothing_is_created)
{
    unsigned char before[INSTALL_KEY_BYTES];
    assert_false(load(NULL));
    memcpy(before, derived, sizeof before);
    assert_false(load(NULL));
    assert_memory_not_equal(before, derived, sizeof before);
    assert_int_equal(count_files(), 0);
}

/* Returns what the load logs. */
static const char *warning_of_load(void)
{
    static char text[2048];
    int saved = dup(STDERR_FILENO), file = open(folder_at("log"), O_RDWR | O_CREAT | O_TRUNC, 0600);
    assert_true(file >= 0 && dup2(file, STDERR_FILENO) >= 0);
    bool of_file = load(folder);
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    ssize_t len = pread(file, text, sizeof text - 1, 0);
    text[len > 0 ? len : 0] = '\0';
    close(file);
    close(saved);
    assert_false(of_file);
    char *line = strchr(text, '\n');
    assert_non_null(line);
    assert_string_equal(line, "\n"); /* one line */
    return text;
}

static void expect_refused(const char *reason)
{
    unsigned char before[INSTALL_KEY_BYTES];
    assert_non_null(strstr(warning_of_load(), reason));
    memcpy(before, derived, sizeof before);
    assert_false(load(folder));
    assert_memory_not_equal(before, derived, sizeof before);
}

TEST(file_that_cannot_be_trusted_is_not_used)
{
    write_file(INSTALL_KEY_BYTES - 1, 0600);
    expect_refused("not a key of 32 bytes");
    write_file(INSTALL_KEY_BYTES + 1, 0600);
    expect_refused("not a key of 32 bytes");
    write_file(0, 0600);
    expect_refused("not a key of 32 bytes");
    write_file(INSTALL_KEY_BYTES, 0640);
    expect_refused("accessible to others");
    write_file(INSTALL_KEY_BYTES, 0600);
    if (geteuid() == 0) {
        assert_int_equal(chown(folder_at(INSTALL_KEY_FILE), 1, 1), 0);
        expect_refused("owned by another user");
    }
    assert_int_equal(unlink(folder_at(INSTALL_KEY_FILE)), 0);
    assert_int_equal(mkdir(folder_at(INSTALL_KEY_FILE), 0700), 0);
    expect_refused("directory");
    assert_int_equal(rmdir(folder_at(INSTALL_KEY_FILE)), 0);
    assert_int_equal(mkfifo(folder_at(INSTALL_KEY_FILE), 0600), 0);
    expect_refused("not a regular file");
}

TEST(symbolic_link_is_not_followed)
{
    write_file(INSTALL_KEY_BYTES, 0600);
    assert_int_equal(rename(folder_at(INSTALL_KEY_FILE), folder_at("target")), 0);
    assert_int_equal(symlink("target", folder_at(INSTALL_KEY_FILE)), 0);
    expect_refused("a symbolic link");
}

TEST(folder_that_cannot_be_written_gives_a_random_key)
{
    assert_false(load(folder_at("missing")));
    assert_int_equal(count_files(), 0);
}

TEST(worker_keeps_its_parents_key)
{
    unsigned char before[INSTALL_KEY_BYTES];
    assert_false(load(NULL));
    memcpy(before, derived, sizeof before);
    assert_false(install_key_load(folder)); /* a second load, as in a worker */
    install_key_derive(INSTALL_KEY_CONVERSATION, derived);
    assert_memory_equal(before, derived, sizeof before);
}

/* Eight processes wait for the end of a pipe and load at the same time, several times over. */
TEST(processes_that_race_get_the_same_key)
{
    enum { PROCESSES = 8, ROUNDS = 20 };
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned char keys[PROCESSES][INSTALL_KEY_BYTES];
        int gate[2], out[2];
        assert_int_equal(pipe(gate) + pipe(out), 0);
        for (unsigned i = 0; i < PROCESSES; i++) {
            if (fork())
                continue;
            close(gate[1]);
            bool open = read(gate[0], &(char){0}, 1) == 0;
            bool ok = open && load(folder) && write(out[1], derived, sizeof derived) == sizeof derived;
            _exit(ok ? 0 : 1);
        }
        close(gate[0]);
        close(gate[1]);
        close(out[1]);
        for (unsigned i = 0; i < PROCESSES; i++) {
            assert_int_equal(read(out[0], keys[i], sizeof keys[i]), sizeof keys[i]);
            assert_memory_equal(keys[0], keys[i], sizeof keys[i]);
        }
        for (int status = 0; wait(&status) > 0;)
            assert_int_equal(status, 0);
        close(out[0]);
        assert_int_equal(count_files(), 1);
        assert_int_equal(unlink(folder_at(INSTALL_KEY_FILE)), 0);
    }
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_enter, folder_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(key_is_created_once_and_stays),
        IN_FOLDER(purposes_have_different_keys_and_none_is_the_file),
        IN_FOLDER(derivation_does_not_change),
        IN_FOLDER(without_a_folder_the_key_is_random_and_nothing_is_created),
        IN_FOLDER(file_that_cannot_be_trusted_is_not_used),
        IN_FOLDER(symbolic_link_is_not_followed),
        IN_FOLDER(folder_that_cannot_be_written_gives_a_random_key),
        IN_FOLDER(worker_keeps_its_parents_key),
        IN_FOLDER(processes_that_race_get_the_same_key),
    };
    log_open("test_install_key", LOG_LEVEL_INFO);
    return cmocka_run_group_tests_name("install_key", tests, NULL, NULL);
}
