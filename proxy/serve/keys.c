/* main: sets up the virtual keys for the processes of the proxy. */
#include "proxy/serve/keys.h"

#include "common/log.h"
#include "proxy/keys/keeper.h"
#include "proxy/serve/confine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

static bool read_zone(struct keys *k, const char *name)
{
    k->has_zone = name != NULL;
    if (!name || zone_load(name, &k->zone))
        return true;
    log_error(
        "litellm_settings.timezone: there is no time zone %s: name one of /usr/share/zoneinfo, like Europe/Berlin",
        name);
    return false;
}

static bool read_retention(struct keys *k, const char *text)
{
    if (!text || periods_parse(slice_of(text), &k->retention))
        return true;
    log_error("general_settings.maximum_spend_logs_retention_period: expected a duration like 90d, found \"%s\"", text);
    return false;
}

static struct calls *open_calls(const char *path)
{
    struct buf file, error;
    buf_init(&file, 4096);
    buf_init(&error, 1024);
    buf_add_text(&file, path);
    BUF_ADD(&file, "-calls");
    struct calls *calls = calls_open(buf_text(&file), CALLS_SLOTS, &error);
    if (!calls)
        log_error("%s", buf_message(&error));
    buf_free(&file);
    buf_free(&error);
    return calls;
}

bool keys_set_up(struct keys *k, const struct config *config)
{
    *k = (struct keys){.wake_fd = -1};
    if (!read_zone(k, config->time_zone) || !read_retention(k, config->ledger_retention))
        return false;
    k->gate.budget_status = config->budget_status;
    k->path = strdup(config->key_store);
    table_hash(slice_of(config->master_key), k->master_hash);
    k->gate.calls = k->path ? open_calls(k->path) : NULL;
    if (!k->gate.calls)
        return false;
    k->gate.table = keys_table_new(TABLE_CAPACITY, k->has_zone ? &k->zone : NULL);
    k->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (k->gate.table && k->wake_fd >= 0)
        return true;
    log_error("can't make the table of virtual keys: %s", strerror(errno));
    return false;
}

struct confinement {
    const char *path;
    struct harden_status *harden;
};

static void enter(void *ctx)
{
    const struct confinement *c = ctx;
    confine_keeper(c->path, c->harden);
}

int keys_keep(struct keys *k, const int *channels, unsigned count, int control, struct harden_status *harden)
{
    struct confinement confinement = {k->path, harden};
    return keeper_run(&(struct keeper_options){.path = k->path,
                                               .gate = k->gate,
                                               .zone = k->has_zone ? &k->zone : NULL,
                                               .master_hash = k->master_hash,
                                               .channels = channels,
                                               .channel_count = count,
                                               .wake_fd = k->wake_fd,
                                               .retention = k->retention,
                                               .control = control,
                                               .confine = enter,
                                               .confine_ctx = &confinement});
}
