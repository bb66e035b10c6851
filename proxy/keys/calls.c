/* pure: except for the file of the calls that hold money, which all processes map. */
#include "proxy/keys/calls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC "pmcalls"
#define FORMAT 1
#define SLOTS_MAX (1u << 20)
#define NONE 0 /* in lists, a slot is its index + 1 */

struct head {
    char magic[8]; /* written last */
    uint32_t version, slot_size, slots;
    uint32_t high;   /* slots below it were in use since the file was opened */
    uint32_t free;   /* first free slot below `high`, + 1 */
    uint32_t in_use; /* OPEN or CLOSED */
    uint64_t next_id;
};

#define HEAD_SIZE 4096

struct calls {
    struct head *head;
    struct call_slot *slots;
    size_t size;
    int fd;
};

_Static_assert(sizeof(struct call_slot) == 512, "the size of a slot is part of the file's format");
_Static_assert(sizeof(struct head) <= HEAD_SIZE, "the head has a page");

unsigned calls_end(const struct calls *c)
{
    return c->head->high;
}

struct call_slot *calls_slot(struct calls *c, unsigned index)
{
    return &c->slots[index];
}

unsigned calls_index(const struct calls *c, const struct call_slot *slot)
{
    return (unsigned)(slot - c->slots);
}

unsigned calls_in_use(const struct calls *c)
{
    return c->head->in_use;
}

uint64_t calls_next_id(const struct calls *c)
{
    return c->head->next_id;
}

void calls_begin_at(struct calls *c, uint64_t id)
{
    if (id > c->head->next_id)
        c->head->next_id = id;
}

unsigned calls_find(const struct calls *c, enum call_state state, unsigned from)
{
    unsigned end = calls_end(c);
    while (from < end && atomic_load_explicit(&c->slots[from].state, memory_order_acquire) != state)
        from++;
    return from < end ? from : end;
}

struct call_slot *calls_take(struct calls *c)
{
    uint32_t index = c->head->free;
    if (index != NONE)
        c->head->free = c->slots[index - 1].next;
    else if (c->head->high < c->head->slots)
        index = ++c->head->high;
    else
        return NULL;
    struct call_slot *slot = &c->slots[index - 1];
    memset(slot, 0, sizeof *slot);
    slot->id = c->head->next_id++;
    c->head->in_use++;
    return slot;
}

void calls_give_back(struct calls *c, struct call_slot *slot)
{
    atomic_store_explicit(&slot->state, CALL_FREE, memory_order_release);
    slot->next = c->head->free;
    c->head->free = (uint32_t)(slot - c->slots) + 1;
    c->head->in_use--;
}

static int64_t within(int64_t value, int64_t most)
{
    return value < 0 ? 0 : value > most ? most : value;
}

/* Makes a slot of an earlier process usable whatever its bytes are: after a power loss, a part may be of another time.
 */
static void repair(struct call_slot *s)
{
    s->alias[sizeof s->alias - 1] = s->model[sizeof s->model - 1] = s->request_id[sizeof s->request_id - 1] = 0;
    s->customer[sizeof s->customer - 1] = s->session[sizeof s->session - 1] = 0;
    s->started_ms = within(s->started_ms, INT64_MAX / 2);
    s->ended_ms = within(s->ended_ms, INT64_MAX / 2);
    s->held_nano = within(s->held_nano, MONEY_MAX);
    s->nano = within(s->nano, MONEY_MAX);
    s->held_tokens = within(s->held_tokens, TOKENS_MAX);
    s->tokens_in = within(s->tokens_in, TOKENS_MAX);
    s->tokens_out = within(s->tokens_out, TOKENS_MAX);
    s->tokens_cached = within(s->tokens_cached, s->tokens_in);
}

static bool is_used(const struct call_slot *s)
{
    return (s->state == CALL_OPEN || s->state == CALL_CLOSED) && s->id > 0 && s->id < UINT64_MAX / 2;
}

/* Finds the slots in use, and lists all others below them as free. */
static void scan(struct calls *c)
{
    struct head *h = c->head;
    if (h->next_id == 0 || h->next_id > UINT64_MAX / 2)
        h->next_id = 1;
    h->high = h->free = h->in_use = 0;
    for (uint32_t i = 0; i < h->slots; i++)
        if (is_used(&c->slots[i])) {
            repair(&c->slots[i]);
            calls_begin_at(c, c->slots[i].id + 1);
            h->in_use++;
            h->high = i + 1;
        }
    for (uint32_t i = h->high; i-- > 0;)
        if (!is_used(&c->slots[i])) {
            c->slots[i].state = CALL_FREE;
            c->slots[i].next = h->free;
            h->free = i + 1;
        }
}

static size_t size_of(uint32_t slots)
{
    return HEAD_SIZE + (size_t)slots * sizeof(struct call_slot);
}

static struct calls *fail(const char *path, struct buf *error, const char *what, int number)
{
    (void)buf_add_format(error, "%s: %s%s%s", path, what, number ? ": " : "", number ? strerror(number) : "");
    return NULL;
}

/* Returns a descriptor of the locked file; -1: a message in `error`. */
static int open_locked(const char *path, struct stat *info, struct buf *error)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (fd < 0)
        return fail(path, error, "cannot open the calls file", errno), -1;
    if (fstat(fd, info) != 0 || !S_ISREG(info->st_mode))
        fail(path, error, "is not a regular file: remove it, or name another key_store", 0);
    else if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        fail(path, error, errno == EWOULDBLOCK ? "another proxy uses this key_store: stop it first" : "cannot lock",
             errno == EWOULDBLOCK ? 0 : errno);
    else if ((info->st_mode & 077) != 0 && fchmod(fd, 0600) != 0)
        fail(path, error, "cannot make it private", errno);
    else
        return fd;
    (void)close(fd);
    return -1;
}

static bool map(struct calls *c, uint32_t slots)
{
    c->size = size_of(slots);
    void *all = mmap(NULL, c->size, PROT_READ | PROT_WRITE, MAP_SHARED, c->fd, 0);
    c->head = all == MAP_FAILED ? NULL : all;
    c->slots = c->head ? (struct call_slot *)((char *)all + HEAD_SIZE) : NULL;
    return c->head;
}

/* Makes the file anew; ids continue. Its space is allocated first: a page that has none could not be written later. */
static const char *make(struct calls *c, uint32_t slots, uint64_t next_id)
{
    if (ftruncate(c->fd, 0) != 0 || (errno = posix_fallocate(c->fd, 0, (off_t)size_of(slots))) != 0)
        return "cannot allocate the calls file";
    if (!map(c, slots))
        return "cannot map the calls file";
    *c->head =
        (struct head){.version = FORMAT, .slot_size = sizeof(struct call_slot), .slots = slots, .next_id = next_id};
    memcpy(c->head->magic, MAGIC, sizeof MAGIC);
    return NULL;
}

/* Maps a file that exists. */
static const char *use(struct calls *c, uint32_t slots, const struct head *h, size_t size)
{
    if (h->version > FORMAT)
        return "was written by a newer version: use that version";
    if (h->version != FORMAT || h->slot_size != sizeof(struct call_slot) || h->slots == 0 || h->slots > SLOTS_MAX ||
        size < size_of(h->slots))
        return "is damaged: move it away; the calls in it are lost, the key_store is not";
    if (!map(c, h->slots))
        return "cannot map the calls file";
    scan(c);
    uint64_t next_id = c->head->next_id;
    if (c->head->slots == slots || c->head->in_use)
        return NULL;
    (void)munmap(c->head, c->size);
    c->head = NULL;
    return make(c, slots, next_id);
}

/* Returns whether a file that begins so was never finished. */
static bool is_new(const struct head *h)
{
    static const struct head nothing;
    struct head plain = *h;
    if (h->version == FORMAT)
        plain.version = plain.slot_size = plain.slots = 0, plain.next_id = 0;
    return memcmp(&plain, &nothing, sizeof plain) == 0;
}

static const char *prepare(struct calls *c, uint32_t slots, size_t size)
{
    struct head h = {0};
    if (pread(c->fd, &h, sizeof h, 0) < 0)
        return "cannot read the calls file";
    if (is_new(&h))
        return make(c, slots, 1);
    if (memcmp(h.magic, MAGIC, sizeof MAGIC) != 0)
        return "is not a calls file: name another key_store";
    return use(c, slots, &h, size);
}

struct calls *calls_open(const char *path, unsigned slots, struct buf *error)
{
    struct stat info;
    struct calls *c = calloc(1, sizeof *c);
    if (!c)
        return fail(path, error, "out of memory", 0);
    c->fd = open_locked(path, &info, error);
    if (c->fd >= 0) {
        errno = 0;
        const char *why = prepare(c, slots && slots <= SLOTS_MAX ? slots : CALLS_SLOTS, (size_t)info.st_size);
        if (!why)
            return c;
        fail(path, error, why, strncmp(why, "cannot", 6) == 0 ? errno : 0);
    }
    calls_close(c);
    return NULL;
}

void calls_close(struct calls *c)
{
    if (!c)
        return;
    if (c->head)
        (void)munmap(c->head, c->size);
    if (c->fd >= 0)
        (void)close(c->fd);
    free(c);
}
