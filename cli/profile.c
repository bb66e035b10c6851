/* Enables and disables the managed Codex profiles, in an order that survives a kill at any step. */
#include "cli/profile.h"

#include "cli/profile_catalog.h"
#include "cli/profile_disk.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The changes, and the new text of each file. */
struct plan {
    struct profile_undo undo;
    struct buf after[PROFILE_FILE_COUNT];
};

static char *copy(const char *text)
{
    return text ? strdup(text) : NULL;
}

static void plan_init(struct plan *plan, const struct profile_request *request)
{
    *plan = (struct plan){.undo = {.stage = PROFILE_ENABLING, .keep = request->keep, .spec = request->spec}};
    struct profile_spec *spec = &plan->undo.spec;
    spec->model = copy(spec->model);
    spec->base_url = copy(spec->base_url);
    spec->key_command = copy(spec->key_command);
    spec->catalogs = request->codex_models.len && request->config;
    for (unsigned i = 0; i < PROFILE_FILE_COUNT; i++)
        buf_init(&plan->after[i], PROFILE_FILE_MAX);
}

static void plan_free(struct plan *plan)
{
    profile_undo_free(&plan->undo);
    for (unsigned i = 0; i < PROFILE_FILE_COUNT; i++)
        buf_free(&plan->after[i]);
}

/* Matches our settings in a file if no undo file describes them. */
static struct profile_spec unknown_spec(void)
{
    return (struct profile_spec){.make_default = true, .catalogs = true};
}

/* If the undo file was lost, the marks in the file remain: removes our settings before new ones are added. */
static bool clean(enum profile_file file, struct buf *text, struct buf *why)
{
    struct profile_spec spec = unknown_spec();
    struct buf rest;
    if (!profile_file_is_toml(file) || !toml_block_marked(buf_slice(text)))
        return true;
    buf_init(&rest, PROFILE_FILE_MAX);
    bool ok = profile_text_remove(&spec, file, buf_slice(text), &rest, why);
    if (ok) {
        buf_free(text);
        *text = rest;
    } else {
        buf_free(&rest);
    }
    return ok;
}

/* Checks, before anything is written, that removing our part restores `before`. */
static bool is_reversible(const struct profile_spec *spec, enum profile_file file, struct slice before,
                          struct slice after, struct buf *why)
{
    struct buf back;
    buf_init(&back, PROFILE_FILE_MAX);
    bool ok = profile_text_remove(spec, file, after, &back, why);
    if (ok && !slice_equal(buf_slice(&back), before)) {
        buf_add_format(why, "%s: a change could not be undone: left unchanged", profile_file_name(file));
        ok = false;
    }
    buf_free(&back);
    return ok;
}

/* The file without our part: from the undo file if the file is unchanged since, else as it is now. */
static bool read_before(enum profile_file file, const struct profile_change *former, struct profile_change *change,
                        struct buf *why)
{
    struct profile_bytes now;
    bool ok = profile_read(change->path, &now, why);
    profile_hash(buf_slice(&now.text), change->found);
    change->existed = change->is_there = now.exists;
    change->owner = now.exists ? now.owner : (struct replace_owner){0600, geteuid(), getegid()};
    if (ok && former && former->path && now.exists && strcmp(change->found, former->after) == 0) {
        buf_clear(&now.text);
        change->existed = former->existed;
        ok = buf_add_slice(&now.text, buf_slice(&former->before)) || !former->before.len;
    } else if (ok) {
        ok = clean(file, &now.text, why);
    }
    change->before = now.text;
    return ok;
}

static bool plan_file(struct plan *plan, enum profile_file file, const struct profile_request *request,
                      const struct profile_home *home, const struct profile_undo *former, struct buf *why)
{
    const struct profile_spec *spec = &plan->undo.spec;
    struct profile_change *change = &plan->undo.changes[file];
    struct buf *after = &plan->after[file];
    change->path = profile_resolve(home, profile_file_name(file), why);
    bool ok = change->path && read_before(file, former ? &former->changes[file] : NULL, change, why);
    if (ok && !profile_file_is_toml(file))
        ok = profile_catalog_make(file, request->config, request->codex_models, after, why);
    else if (ok)
        ok = profile_text_insert(spec, file, buf_slice(&change->before), after, why) &&
             is_reversible(spec, file, buf_slice(&change->before), buf_slice(after), why);
    profile_hash(buf_slice(after), change->after);
    return ok;
}

static bool make_plan(struct plan *plan, const struct profile_request *request, const struct profile_home *home,
                      const struct profile_undo *former, struct buf *why)
{
    bool ok = true;
    plan_init(plan, request);
    for (enum profile_file file = 0; ok && file < PROFILE_FILE_COUNT; file++)
        if (profile_file_used(&plan->undo.spec, file))
            ok = plan_file(plan, file, request, home, former, why);
    return ok;
}

/* Whether all files already match the plan. */
static bool is_done(const struct plan *plan, const struct profile_undo *there)
{
    bool done = there->stage == PROFILE_ENABLED;
    for (unsigned i = 0; done && i < PROFILE_FILE_COUNT; i++) {
        const struct profile_change *a = &plan->undo.changes[i], *b = &there->changes[i];
        if (a->path && b->path)
            done = strcmp(a->path, b->path) == 0 && strcmp(a->after, b->after) == 0 && strcmp(a->after, a->found) == 0;
        else
            done = a->path == b->path; /* neither */
    }
    return done;
}

/* Restores all files. Updates the undo file first and removes it last, so that a killed undo can be repeated. Goes in
 * reverse order, because Codex refuses to start if a named catalog is missing. */
static bool undo(const struct profile_home *home, struct profile_undo *u, struct buf *why)
{
    bool ok = true;
    if (u->stage != PROFILE_DISABLING) {
        u->stage = PROFILE_DISABLING;
        if (!profile_undo_store(home, u, why))
            return false;
    }
    for (unsigned left = PROFILE_FILE_COUNT; ok && left-- > 0;)
        if (u->changes[left].path)
            ok = profile_restore(&u->spec, (enum profile_file)left, &u->changes[left], why);
    return ok && profile_undo_remove(home, why);
}

static bool carry_out(struct plan *plan, const struct profile_home *home, struct buf *why)
{
    struct profile_undo *u = &plan->undo;
    bool ok = profile_undo_store(home, u, why);
    if (!ok)
        return false;
    for (enum profile_file file = 0; ok && file < PROFILE_FILE_COUNT; file++)
        if (u->changes[file].path)
            ok = profile_write(&u->changes[file], buf_slice(&plan->after[file]), why);
    if (ok) {
        u->stage = PROFILE_ENABLED;
        ok = profile_undo_store(home, u, why);
    }
    if (!ok) {
        struct buf more;
        buf_init(&more, 4096);
        if (!undo(home, u, &more))
            buf_add_format(why, "; and not every change could be undone: %s", buf_message(&more));
        buf_free(&more);
    }
    return ok;
}

/* Profiles that `pointsman enable` added stay as they are when a command needs them temporarily. */
static struct profile_request with_kept(const struct profile_request *request, const struct profile_undo *there)
{
    struct profile_request wanted = *request;
    if (there->keep && there->stage == PROFILE_ENABLED) {
        if (!wanted.keep) {
            wanted.spec.make_default = there->spec.make_default;
            wanted.spec.model = there->spec.model;
        }
        wanted.keep = true;
    }
    return wanted;
}

/* For profiles that are enabled already: *done if they match the request; else undoes them. */
static bool replan(const struct profile_request *wanted, const struct profile_home *home, struct profile_undo *there,
                   bool *done, struct buf *why)
{
    struct plan plan;
    bool ok = make_plan(&plan, wanted, home, there, why);
    *done = ok && is_done(&plan, there);
    plan_free(&plan);
    if (ok && !*done)
        return undo(home, there, why);
    if (ok && there->keep != wanted->keep) {
        there->keep = wanted->keep;
        return profile_undo_store(home, there, why);
    }
    return ok;
}

static bool enable(const struct profile_request *request, const struct profile_home *home, struct buf *why)
{
    struct plan plan;
    struct profile_undo there = {0};
    bool exists, done = false;
    if (!profile_undo_load(home->path, &there, &exists, why))
        return false;
    struct profile_request wanted = with_kept(request, &there);
    bool ok = !exists || replan(&wanted, home, &there, &done, why);
    if (ok && !done) {
        ok = make_plan(&plan, &wanted, home, NULL, why) && carry_out(&plan, home, why);
        plan_free(&plan);
    }
    profile_undo_free(&there);
    return ok;
}

/* Ends the lease. Its file stays if others hold leases. */
static void give_back(struct lease *lease)
{
    bool last = lease->last || lease_is_last(lease);
    (void)last;
    lease_end(lease);
}

bool profile_enable(const struct profile_request *request, struct lease *lease, struct buf *why)
{
    struct profile_home home;
    bool ok = profile_home_open(&home, true, why) && (!lease || lease_take(lease, home.path, why));
    if (ok && !enable(request, &home, why)) {
        if (lease)
            give_back(lease);
        ok = false;
    }
    profile_home_close(&home);
    return ok;
}

bool profile_join(struct lease *lease, struct buf *why)
{
    struct profile_home home;
    bool ok = profile_home_open(&home, false, why) && lease_take(lease, home.path, why);
    profile_home_close(&home);
    return ok;
}

/* Removes our settings from a file that no undo file describes. */
static enum profile_outcome clean_file(const struct profile_home *home, enum profile_file file, struct buf *why)
{
    struct profile_change change = {.path = profile_resolve(home, profile_file_name(file), why)};
    struct profile_spec spec = unknown_spec();
    struct profile_bytes now = {0};
    enum profile_outcome outcome = PROFILE_FAILED;
    if (change.path && profile_read(change.path, &now, why)) {
        outcome = PROFILE_WAS_OFF;
        if (toml_block_marked(buf_slice(&now.text)))
            outcome = profile_restore(&spec, file, &change, why) ? PROFILE_DONE : PROFILE_FAILED;
    }
    buf_free(&now.text);
    free(change.path);
    return outcome;
}

static enum profile_outcome clean_all(const struct profile_home *home, struct buf *why)
{
    enum profile_outcome outcome = PROFILE_WAS_OFF;
    for (enum profile_file file = 0; file < PROFILE_FILE_COUNT && outcome != PROFILE_FAILED; file++) {
        enum profile_outcome one = profile_file_is_toml(file) ? clean_file(home, file, why) : PROFILE_WAS_OFF;
        if (one != PROFILE_WAS_OFF)
            outcome = one;
    }
    return outcome;
}

/* What to undo. */
enum scope {
    SCOPE_ALL,    /* everything */
    SCOPE_UNKEPT, /* only profiles that leases hold */
};

/* Undoes the profiles unless another lease is held. `lease`: the caller's, or LEASE_NONE. */
static enum profile_outcome undo_there(const struct profile_home *home, struct lease *lease, enum scope scope,
                                       struct buf *why)
{
    struct profile_undo there = {0};
    bool exists, ok = profile_undo_load(home->path, &there, &exists, why);
    enum profile_outcome outcome = ok ? PROFILE_WAS_OFF : PROFILE_FAILED;
    if (ok && !exists) {
        ok = profile_undo_remove(home, why);
        outcome = scope == SCOPE_ALL && ok ? clean_all(home, why) : ok ? PROFILE_WAS_OFF : PROFILE_FAILED;
    } else if (ok && (scope == SCOPE_ALL || !there.keep || there.stage != PROFILE_ENABLED)) {
        bool last = lease->fd >= 0 ? lease_is_last(lease) : lease_none_held(lease, home->path);
        if (!last && there.stage == PROFILE_ENABLED) {
            outcome = PROFILE_LATER;
            if (there.keep) {
                there.keep = false;
                outcome = profile_undo_store(home, &there, why) ? PROFILE_LATER : PROFILE_FAILED;
            }
        } else {
            outcome = undo(home, &there, why) ? PROFILE_DONE : PROFILE_FAILED;
        }
    }
    profile_undo_free(&there);
    return outcome;
}

static enum profile_outcome undo_locked(struct lease *lease, enum scope scope, struct buf *why)
{
    struct profile_home home;
    enum profile_outcome outcome = PROFILE_FAILED;
    if (profile_home_open(&home, false, why))
        outcome = undo_there(&home, lease, scope, why);
    else if (!why->len)
        outcome = PROFILE_WAS_OFF; /* no CODEX_HOME */
    give_back(lease);
    profile_home_close(&home);
    return outcome;
}

enum profile_outcome profile_disable(struct buf *why)
{
    struct lease lease = LEASE_NONE;
    return undo_locked(&lease, SCOPE_ALL, why);
}

enum profile_outcome profile_leave(struct lease *lease, struct buf *why)
{
    return undo_locked(lease, SCOPE_UNKEPT, why);
}

enum profile_outcome profile_recover(struct buf *why)
{
    struct lease lease = LEASE_NONE;
    enum profile_outcome outcome = undo_locked(&lease, SCOPE_UNKEPT, why);
    return outcome == PROFILE_LATER ? PROFILE_WAS_OFF : outcome; /* profiles in use are no leftovers */
}

struct profile_status profile_look(struct buf *why)
{
    struct profile_status status = {.state = PROFILE_UNKNOWN};
    struct profile_undo there = {0};
    struct profile_home home;
    struct lease lease = LEASE_NONE;
    bool exists = false;
    if (!profile_home_open(&home, false, why)) {
        if (!why->len)
            status.state = PROFILE_STANDARD;
    } else if (profile_undo_load(home.path, &there, &exists, why)) {
        status.state = exists ? PROFILE_COST_ROUTING : PROFILE_STANDARD;
        if (exists && (there.stage != PROFILE_ENABLED || (!there.keep && lease_none_held(&lease, home.path))))
            status.state = PROFILE_INTERRUPTED;
        status.keep = there.keep;
        status.is_default = exists && there.spec.make_default;
        status.files = there.spec.style.files;
    }
    lease.last = false; /* profile_look() removes nothing */
    lease_end(&lease);
    profile_home_close(&home);
    profile_undo_free(&there);
    return status;
}

const char *profile_state_name(enum profile_state state)
{
    static const char *const names[] = {"standard", "cost-routing", "interrupted", "unknown"};
    return names[state];
}
