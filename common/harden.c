/* Hardens a process that holds keys. */
#include "common/harden.h"

#include <signal.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static enum harden_state state_of(bool done)
{
    return done ? HARDEN_ON : HARDEN_OFF;
}

void harden_early(struct harden_status *status)
{
    *status = (struct harden_status){0};
#ifdef __SANITIZE_ADDRESS__
    /* LeakSanitizer uses ptrace, which a non-dumpable process forbids. */
    status->non_dumpable = HARDEN_OFF;
#else
    status->non_dumpable = state_of(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0);
#endif
    status->no_core = state_of(setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}) == 0);
    umask(077);
}

/* The proxies that libcurl takes from the environment. The name ends at `end`. */
static bool names_a_proxy(const char *entry, const char *end)
{
    static const char *const names[] = {"http_proxy", "https_proxy", "all_proxy", "no_proxy"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == (size_t)(end - entry) && strncasecmp(entry, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

static bool is_dangerous(const char *entry)
{
    static const char *const prefixes[] = {
        "LD_",    "CURL_",       "OPENSSL_",     "SSL_",         "SSLKEYLOGFILE=", "MALLOC_", "GLIBC_TUNABLES=",
        "NETRC=", "GCONV_PATH=", "RES_OPTIONS=", "HOSTALIASES=", "LOCALDOMAIN="};
    const char *name_end = strchr(entry, '=');
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (strncmp(entry, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return name_end && names_a_proxy(entry, name_end);
}

void harden_environment(void)
{
    char **kept = environ;
    for (char **at = environ; at && *at; at++)
        if (!is_dangerous(*at))
            *kept++ = *at;
    if (kept)
        *kept = NULL;
}

bool harden_follow_parent(struct harden_status *status, pid_t parent)
{
    status->parent_death = state_of(prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) == 0);
    return getppid() == parent;
}

void harden_late(struct harden_status *status)
{
    status->no_new_privs = state_of(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
}

void harden_describe(const struct harden_status *status, struct container in)
{
    const struct {
        const char *name;
        enum harden_state state;
    } rows[] = {
        {"non_dumpable", status->non_dumpable}, {"no_core", status->no_core},
        {"no_new_privs", status->no_new_privs}, {"parent_death_signal", status->parent_death},
        {"peer_uid", status->peer_uid},         {"landlock", status->landlock},
        {"seccomp", status->seccomp},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].state != HARDEN_UNUSED)
            document_add_bool(in, rows[i].name, rows[i].state == HARDEN_ON);
}
