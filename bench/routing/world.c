/* world: one discrete-event run: a heap of events, a FIFO queue per backend, and an array of all attempts. */
#include "bench/routing/world_private.h"

#include <math.h>
#include <string.h>

/* The heap of events. */

static bool earlier(const struct sim_event *a, const struct sim_event *b)
{
    return a->at_s != b->at_s ? a->at_s < b->at_s : a->number < b->number;
}

static void push(struct world *world, double at_s, uint32_t attempt, bool first_token)
{
    struct sim_event event = {at_s, world->number++, attempt, first_token};
    unsigned i = world->events++;
    for (; i && earlier(&event, &world->heap[(i - 1) / 2]); i = (i - 1) / 2)
        world->heap[i] = world->heap[(i - 1) / 2];
    world->heap[i] = event;
}

static struct sim_event pop(struct world *world)
{
    struct sim_event first = world->heap[0], last = world->heap[--world->events];
    unsigned i = 0;
    for (;;) {
        unsigned child = 2 * i + 1;
        if (child >= world->events)
            break;
        if (child + 1 < world->events && earlier(&world->heap[child + 1], &world->heap[child]))
            child++;
        if (!earlier(&world->heap[child], &last))
            break;
        world->heap[i] = world->heap[child];
        i = child;
    }
    world->heap[i] = last;
    return first;
}

/* Attempts. */

static void end_with(struct world *world, uint32_t index, const struct result *result, double at_s)
{
    world->attempts[index].result = *result;
    world->attempts[index].end_s = at_s;
    push(world, at_s, index, false);
}

static void begin_service(struct world *world, uint32_t index)
{
    struct attempt *a = &world->attempts[index];
    struct result result;
    struct station *s = &world->stations[a->backend];
    s->serving[s->busy++] = index;
    a->phase = SERVED;
    world_serve(world, &a->ask, a->backend, a->began_s, world->now_s, &result);
    if (result.ttft_s >= 0)
        push(world, a->began_s + result.ttft_s, index, true);
    end_with(world, index, &result, a->began_s + result.total_s);
}

/* Whether the provider refuses at once; *result: how. */
static bool refused(struct world *world, const struct attempt *a, struct result *result)
{
    const struct backend *b = &world->scenario->backends[a->backend];
    struct station *s = &world->stations[a->backend];
    *result = (struct result){.ttft_s = -1, .retry_after_s = -1};
    if (b->rpm > 0) {
        double window = world_window(world->now_s);
        if (window != s->window) {
            s->window = window;
            s->used = 0;
        }
        if (s->used >= b->rpm) {
            result->how = ENDED_429;
            result->retry_after_s = (window + 1) * WINDOW_S - world->now_s;
            return true;
        }
        s->used++;
    }
    result->how = ENDED_503;
    return s->busy >= (unsigned)b->slots && s->waiting >= (unsigned)b->max_queue;
}

static void arrive(struct world *world, uint32_t index)
{
    struct attempt *a = &world->attempts[index];
    struct station *s = &world->stations[a->backend];
    struct result result;
    a->began_s = world->now_s;
    if (refused(world, a, &result)) {
        a->phase = OVER;
        end_with(world, index, &result, world->now_s);
        return;
    }
    if (s->busy < (unsigned)world->scenario->backends[a->backend].slots) {
        begin_service(world, index);
        return;
    }
    a->phase = WAITING;
    a->next = NONE;
    if (s->head == NONE)
        s->head = index;
    else
        world->attempts[s->tail].next = index;
    s->tail = index;
    s->waiting++;
}

/* Gives the free slot to the next attempt in the queue. */
static void next_in_queue(struct world *world, unsigned backend)
{
    struct station *s = &world->stations[backend];
    while (s->head != NONE && s->busy < (unsigned)world->scenario->backends[backend].slots) {
        uint32_t index = s->head;
        s->head = world->attempts[index].next;
        s->waiting--;
        begin_service(world, index);
    }
}

/* Requests. */

static void book(const struct world *world, const struct attempt *a, struct served *served)
{
    const struct objective *o = &world->workload->objective;
    double arrival = world->requests[a->ask.request].arrival_s;
    served->good = a->result.how == ENDED_WELL;
    served->last = a->backend;
    served->arrival_s = arrival;
    served->latency_s = world->now_s - arrival;
    served->ttft_s = served->good ? a->began_s - arrival + a->result.ttft_s : -1;
    served->j = served->cost_usd + o->value_of_time * served->latency_s +
                (served->good ? o->quality_point * (100 - world->scenario->backends[a->backend].quality) : o->failure);
}

/* Makes the request's next attempt; false: the policy gives up. */
static bool try_next(struct world *world, const struct policy *policy, void *state, const struct ask *ask,
                     struct served *served)
{
    int backend = policy->pick(state, ask);
    if (backend < 0)
        return false;
    if (ask->attempt == 0)
        served->first = (unsigned)backend;
    served->attempts = ask->attempt + 1;
    uint32_t index = ask->request * world->attempts_max + ask->attempt;
    world->attempts[index].ask = *ask;
    world->attempts[index].backend = (uint8_t)backend;
    if (policy->started)
        policy->started(state, ask, (unsigned)backend);
    arrive(world, index);
    return true;
}

static void leave_slot(struct world *world, uint32_t index)
{
    unsigned backend = world->attempts[index].backend, at = 0;
    struct station *s = &world->stations[backend];
    while (s->serving[at] != index)
        at++;
    s->serving[at] = s->serving[--s->busy];
    next_in_queue(world, backend);
}

/* Processes an attempt's first token or end. */
static void take_event(struct world *world, const struct policy *policy, void *state, const struct sim_event *event,
                       struct served *served)
{
    struct attempt *a = &world->attempts[event->attempt];
    if (event->first_token) {
        if (policy->answered)
            policy->answered(state, &a->ask, a->backend, a->result.ttft_s);
        return;
    }
    if (a->phase == SERVED)
        leave_slot(world, event->attempt);
    a->phase = OVER;
    struct served *of = &served[a->ask.request];
    of->cost_usd += a->result.cost_usd;
    if (policy->ended)
        policy->ended(state, &a->ask, a->backend, &a->result);
    bool again = a->result.how != ENDED_WELL && a->result.how != ENDED_TRUNCATED &&
                 a->ask.attempt + 1 < world->attempts_max;
    struct ask next = a->ask;
    next.attempt++;
    next.tried |= 1u << a->backend;
    next.now_s = world->now_s;
    if (!again || !try_next(world, policy, state, &next, of))
        book(world, a, of);
}

static void reset(struct world *world, struct served *served)
{
    for (unsigned i = 0; i < world->scenario->backend_count; i++) {
        struct station *s = &world->stations[i];
        s->busy = s->waiting = 0;
        s->head = s->tail = NONE;
        s->window = -1;
        s->used = 0;
    }
    world->events = 0;
    world->number = 0;
    memset(served, 0, world->request_count * sizeof *served);
}

static void declare(const struct world *world, struct known *known)
{
    const struct scenario *s = world->scenario;
    *known = (struct known){.backend_count = s->backend_count,
                            .objective = world->workload->objective,
                            .attempts = world->attempts_max,
                            .request_count = world->request_count,
                            .first_token_timeout = world->workload->limits.first_token_timeout,
                            .seed = world->seed};
    for (unsigned i = 0; i < s->backend_count; i++) {
        const struct backend *b = &s->backends[i];
        known->backends[i] =
            (struct declared){b->name, b->ttft, b->tps, b->in, b->out, b->quality, b->weight, b->slots};
    }
}

bool world_run(struct world *world, const struct policy *policy, struct served *served)
{
    struct known known;
    declare(world, &known);
    reset(world, served);
    void *state = policy->open(&known, world);
    if (!state)
        return false;
    unsigned arrived = 0;
    while (arrived < world->request_count || world->events) {
        if (world->events &&
            (arrived == world->request_count || world->heap[0].at_s <= world->requests[arrived].arrival_s)) {
            struct sim_event event = pop(world);
            world->now_s = event.at_s;
            take_event(world, policy, state, &event, served);
            continue;
        }
        const struct request *r = &world->requests[arrived];
        world->now_s = r->arrival_s;
        struct ask ask = {.request = arrived, .now_s = r->arrival_s, .prompt_tokens = r->prompt_tokens};
        if (!try_next(world, policy, state, &ask, &served[arrived]))
            served[arrived].j = world->workload->objective.failure;
        arrived++;
    }
    policy->close(state);
    return true;
}
