/* Unit tests of proxy/upstream/login_store: auth.json on the disk. One test kills the writer before each of its system
 * calls (the linker wraps them: tests/room.mk). */
#include "tests/unit/unit.h"

#include "proxy/upstream/login_store.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/pm-login-XXXXXX";
static char file[64], lock_file[64], new_file[64];

/* Number of the wrapped call before which the process kills itself, from 1; 0: never. */
static int killed_before;

static void count_call(void)
{
    if (killed_before && --killed_before == 0)
        (void)raise(SIGKILL);
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, mode_t mode);
ssize_t __real_write(int fd, const void *bytes, size_t len);
ssize_t __wrap_write(int fd, const void *bytes, size_t len);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);

int __wrap_open(const char *path, int flags, mode_t mode)
{
    count_call();
    return __real_open(path, flags, mode);
}

/* Writes in pieces, so that the process can be killed in the middle of the file. */
ssize_t __wrap_write(int fd, const void *bytes, size_t len)
{
    count_call();
    return __real_write(fd, bytes, len < 5 ? len : 5);
}

int __wrap_fsync(int fd)
{
    count_call();
    return __real_fsync(fd);
}

int __wrap_rename(const char *from, const char *to)
{
    count_call();
    return __real_rename(from, to);
}

static void put(const char *path, const char *text, mode_t mode)
{
    int fd = __real_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(__real_write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    (void)close(fd);
}

static void holds(const struct login_store *s, const char *text)
{
    struct buf now, why;
    buf_init(&now, LOGIN_STORE_MAX + 1);
    buf_init(&why, 1024);
    assert_true(login_store_read(s, &now, &why));
    assert_buf(&now, text);
    buf_free(&now);
    buf_free(&why);
}

static bool write_text(const struct login_store *s, const char *text)
{
    struct buf why;
    buf_init(&why, 1024);
    bool ok = login_store_write(s, slice_of(text), &why);
    assert_int_equal(ok, why.len == 0);
    buf_free(&why);
    return ok;
}

static int set_up(void **state)
{
    static struct login_store s;
    killed_before = 0;
    assert_true(login_store_open(&s, folder));
    put(file, "{\"old\":1}", 0600);
    *state = &s;
    return 0;
}

static int tear_down(void **state)
{
    login_store_close(*state);
    (void)chmod(folder, 0700);
    (void)unlink(file);
    (void)unlink(lock_file);
    (void)unlink(new_file);
    return 0;
}

TEST(a_write_replaces_the_file_with_mode_0600)
{
    struct stat now;
    put(file, "{\"old\":1}", 0644);
    assert_true(write_text(*state, "{\"new\":\"token\"}"));
    holds(*state, "{\"new\":\"token\"}");
    assert_int_equal(stat(file, &now), 0);
    assert_int_equal(now.st_mode & 07777, 0600);
    assert_int_equal(access(new_file, F_OK), -1);
}

TEST(a_link_is_followed)
{
    char target[80];
    struct stat now;
    (void)snprintf(target, sizeof target, "%s/elsewhere.json", folder);
    put(target, "{}", 0600);
    assert_int_equal(unlink(file), 0);
    assert_int_equal(symlink("elsewhere.json", file), 0);
    assert_true(write_text(*state, "{\"new\":1}"));
    assert_int_equal(lstat(file, &now), 0);
    assert_true(S_ISLNK(now.st_mode));
    holds(*state, "{\"new\":1}");
    assert_int_equal(unlink(target), 0);
}

TEST(read_only_file_stays)
{
    assert_int_equal(chmod(file, 0400), 0);
    assert_false(write_text(*state, "{\"new\":1}"));
    assert_int_equal(chmod(file, 0600), 0);
    assert_int_equal(chmod(folder, 0500), 0);
    assert_false(write_text(*state, "{\"new\":1}"));
    assert_int_equal(login_store_lock(*state), LOGIN_LOCK_IMPOSSIBLE);
    assert_int_equal(chmod(folder, 0700), 0);
    holds(*state, "{\"old\":1}");
    assert_int_equal(access(lock_file, F_OK), -1);
}

TEST(lock_has_one_holder)
{
    struct login_store other;
    struct stat now;
    assert_true(login_store_open(&other, folder));
    assert_int_equal(login_store_lock(*state), LOGIN_LOCK_HELD);
    assert_int_equal(login_store_lock(*state), LOGIN_LOCK_HELD);
    assert_int_equal(login_store_lock(&other), LOGIN_LOCK_BUSY);
    login_store_unlock(*state);
    assert_int_equal(login_store_lock(&other), LOGIN_LOCK_HELD);
    assert_int_equal(login_store_lock(*state), LOGIN_LOCK_BUSY);
    login_store_close(&other);
    assert_int_equal(stat(lock_file, &now), 0);
    assert_int_equal(now.st_mode & 07777, 0600);
}

TEST(absent_or_huge_file_is_reported)
{
    static char huge[LOGIN_STORE_MAX + 2];
    struct buf now, why;
    buf_init(&now, LOGIN_STORE_MAX + 1);
    buf_init(&why, 1024);
    memset(huge, ' ', sizeof huge - 1);
    put(file, huge, 0600);
    assert_false(login_store_read(*state, &now, &why));
    assert_non_null(strstr(buf_text(&why), "larger than 64 KB"));
    buf_clear(&now);
    buf_clear(&why);
    assert_int_equal(unlink(file), 0);
    assert_false(login_store_read(*state, &now, &why));
    assert_non_null(strstr(buf_text(&why), file));
    assert_false(write_text(*state, "{}"));
    assert_int_equal(access(file, F_OK), -1);
    buf_free(&now);
    buf_free(&why);
}

/* Writes in a child that kills itself before its n-th call. Returns whether it was killed: false after its last call.
 */
static bool killed_at(struct login_store *s, int n)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        killed_before = n;
        _exit(write_text(s, "{\"new\":\"a longer text\"}") ? 0 : 1);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status);
}

TEST(killed_writer_leaves_a_complete_file)
{
    int n = 1;
    bool replaced = false;
    for (; killed_at(*state, n); n++) {
        struct buf now, why;
        buf_init(&now, LOGIN_STORE_MAX + 1);
        buf_init(&why, 1024);
        assert_true(login_store_read(*state, &now, &why));
        replaced |= slice_is(buf_slice(&now), "{\"new\":\"a longer text\"}");
        if (!replaced)
            assert_buf(&now, "{\"old\":1}");
        buf_free(&now);
        buf_free(&why);
    }
    assert_true(n > 6); /* it was killed in several places */
    holds(*state, "{\"new\":\"a longer text\"}");
    assert_int_equal(access(new_file, F_OK), -1); /* leftovers of the killed writers were removed */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_write_replaces_the_file_with_mode_0600, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_link_is_followed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(read_only_file_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lock_has_one_holder, set_up, tear_down),
        cmocka_unit_test_setup_teardown(absent_or_huge_file_is_reported, set_up, tear_down),
        cmocka_unit_test_setup_teardown(killed_writer_leaves_a_complete_file, set_up, tear_down),
    };
    if (!mkdtemp(folder))
        return 1;
    (void)snprintf(file, sizeof file, "%s/auth.json", folder);
    (void)snprintf(lock_file, sizeof lock_file, "%s/auth.json.lock", folder);
    (void)snprintf(new_file, sizeof new_file, "%s/auth.json.new", folder);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    (void)rmdir(folder);
    return failed;
}
