/* Unit tests of common/file: regular files are read completely, and nothing makes the reader wait. */
#include "tests/unit/folder.h"
#include "common/file.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

/* Creates a file of that many bytes. */
static const char *make(size_t size)
{
    const char *path = folder_at("file");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (size_t i = 0; i < size; i++)
        assert_int_equal(fputc('x', file), 'x');
    assert_int_equal(fclose(file), 0);
    return path;
}

static void expect_read(size_t size, size_t most, int fault)
{
    struct buf out;
    buf_init(&out, most + 1 + 7);
    BUF_ADD(&out, "before:");
    assert_int_equal(file_read(AT_FDCWD, make(size), 0, most, &out), fault == 0);
    if (fault)
        assert_int_equal(errno, fault);
    else
        assert_int_equal(out.len, 7 + size);
    buf_free(&out);
}

TEST(file_is_read_completely)
{
    expect_read(0, 100, 0);
    expect_read(99, 100, 0);
    expect_read(100, 100, 0);
    expect_read(300000, 300000, 0);
}

TEST(larger_file_is_refused)
{
    expect_read(101, 100, EFBIG);
    expect_read(300000, 100, EFBIG);
    assert_string_equal(file_reason(EFBIG), "too large");
}

/* Files of /proc have size 0. */
TEST(file_without_a_size_is_read_completely)
{
    struct buf out;
    buf_init(&out, 100001);
    assert_true(file_read(AT_FDCWD, "/proc/self/status", 0, 100000, &out));
    assert_true(out.len > 256);
    assert_non_null(strstr(buf_text(&out), "\nThreads:"));
    buf_free(&out);
}

static void expect_refused(const char *path, int flags, const char *reason)
{
    char text[16] = "?";
    alarm(5); /* in case the open waits */
    int fd = file_open(AT_FDCWD, path, flags);
    alarm(0);
    assert_int_equal(fd, -1);
    assert_non_null(strstr(file_reason(errno), reason));
    assert_int_equal(file_read_start(AT_FDCWD, path, flags, text, sizeof text), -1);
    assert_string_equal(text, "");
}

TEST(other_types_are_refused_at_once)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    const char *pipe = folder_at("pipe");
    assert_int_equal(mkfifo(pipe, 0600), 0);
    expect_refused(pipe, 0, "not a regular file");
    snprintf(name.sun_path, sizeof name.sun_path, "%s", folder_at("socket"));
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
    close(fd);
    expect_refused(name.sun_path, 0, "not a regular file");
    expect_refused("/dev/null", 0, "not a regular file");
    expect_refused(folder, 0, "Is a directory");
    expect_refused(folder_at("nothing"), 0, "No such file");
}

TEST(symbolic_links_are_followed_unless_forbidden)
{
    const char *path = make(5), *link = folder_at("link");
    char text[4];
    assert_int_equal(symlink(path, link), 0);
    assert_int_equal(file_read_start(AT_FDCWD, link, 0, text, sizeof text), 3);
    assert_string_equal(text, "xxx");
    expect_refused(link, O_NOFOLLOW, strerror(ELOOP));
}

#define FILE_TEST(function) cmocka_unit_test_setup_teardown(function, folder_enter, folder_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FILE_TEST(file_is_read_completely),
        FILE_TEST(larger_file_is_refused),
        FILE_TEST(file_without_a_size_is_read_completely),
        FILE_TEST(other_types_are_refused_at_once),
        FILE_TEST(symbolic_links_are_followed_unless_forbidden),
    };
    return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
