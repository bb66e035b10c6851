/* pure: similar questions. */
#include "proxy/cache/semantic.h"

#include "common/fast_hash.h"
#include "proxy/cache/guards.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>

#define FIRST_BAND 0.80
#define BAND 0.02

void semantic_init(struct semantic *s, double threshold, unsigned cap)
{
    *s = (struct semantic){.threshold = threshold, .cap = cap < SEMANTIC_MAX ? cap : SEMANTIC_MAX};
}

static void clear(struct semantic_entry *e)
{
    free(e->vector);
    free(e->question);
    *e = (struct semantic_entry){.vector = NULL};
}

static void forget(struct semantic *s)
{
    for (unsigned i = 0; i < s->count; i++)
        clear(&s->entries[i]);
    s->count = s->next = 0;
}

void semantic_free(struct semantic *s)
{
    forget(s);
    free(s->entries);
    s->entries = NULL;
}

/* false: it has no direction. */
static bool normalize(float *vector, unsigned dimensions)
{
    double sum = 0;
    for (unsigned i = 0; i < dimensions; i++)
        sum += (double)vector[i] * (double)vector[i];
    if (!(sum > 0) || !isfinite(sum))
        return false;
    float scale = (float)(1 / sqrt(sum));
    for (unsigned i = 0; i < dimensions; i++)
        vector[i] *= scale;
    return true;
}

static float product(const float *a, const float *b, unsigned dimensions)
{
    float sums[8] = {0}, sum = 0;
    unsigned i = 0;
    for (; i + 8 <= dimensions; i += 8)
        for (unsigned k = 0; k < 8; k++)
            sums[k] += a[i + k] * b[i + k];
    for (; i < dimensions; i++)
        sum += a[i] * b[i];
    for (unsigned k = 0; k < 8; k++)
        sum += sums[k];
    return sum;
}

static struct semantic_entry *nearest(struct semantic *s, const struct semantic_question *q, float *similarity)
{
    struct semantic_entry *best = NULL;
    *similarity = -2;
    for (unsigned i = 0; i < s->count; i++) {
        struct semantic_entry *e = &s->entries[i];
        if (memcmp(e->scope, q->scope, CACHE_KEY_SIZE) != 0)
            continue;
        float found = product(e->vector, q->vector, s->dimensions);
        if (found <= *similarity)
            continue;
        *similarity = found;
        best = e;
    }
    return best;
}

bool semantic_is_proven(unsigned seen, unsigned wrong)
{
    /* P(at most `wrong` errors in `seen`) at an error rate of SEMANTIC_ERROR must be below 5 %. */
    double p = pow(1 - SEMANTIC_ERROR, seen), sum = p;
    if (!seen)
        return false;
    for (unsigned k = 0; k < wrong && k < seen; k++) {
        p *= (double)(seen - k) / (k + 1) * SEMANTIC_ERROR / (1 - SEMANTIC_ERROR);
        sum += p;
    }
    return wrong < seen && sum <= 0.05;
}

static unsigned band_of(double similarity)
{
    double steps = floor((similarity - FIRST_BAND) / BAND + 1e-6);
    return steps < 0 ? 0 : steps + 1 < SEMANTIC_BANDS - 1 ? (unsigned)steps + 1 : SEMANTIC_BANDS - 1;
}

double semantic_band_from(unsigned band)
{
    return band ? FIRST_BAND + BAND * (band - 1) : 0;
}

static void count(struct semantic *s, struct semantic_entry *e, const struct semantic_match *m)
{
    struct semantic_band *band = &s->bands[band_of(m->similarity)];
    band->pairs++;
    band->agreed += m->agrees;
    band->guarded += m->guards;
    band->guarded_agreed += m->guards && m->agrees;
    if (!m->guards || m->similarity < s->threshold)
        return;
    e->seen++;
    e->wrong += !m->agrees;
}

static void add(struct semantic *s, const struct semantic_question *q)
{
    if (!s->entries)
        s->entries = calloc(s->cap, sizeof *s->entries);
    if (!s->entries || !s->cap)
        return;
    struct semantic_entry e = {.answer = q->answer, .question_len = q->text.len};
    memcpy(e.scope, q->scope, CACHE_KEY_SIZE);
    e.vector = malloc(q->dimensions * sizeof *e.vector);
    e.question = malloc(q->text.len + 1);
    if (!e.vector || !e.question) {
        clear(&e);
        return;
    }
    memcpy(e.vector, q->vector, q->dimensions * sizeof *e.vector);
    memcpy(e.question, q->text.ptr, q->text.len);
    if (s->count == s->cap)
        clear(&s->entries[s->next]);
    s->entries[s->next] = e;
    s->next = (s->next + 1) % s->cap;
    s->count += s->count < s->cap;
}

bool semantic_observe(struct semantic *s, const struct semantic_question *q, struct semantic_match *match)
{
    float similarity;
    if (!q->text.len || q->text.len > SEMANTIC_TEXT_MAX || !q->dimensions || q->dimensions > SEMANTIC_DIMENSIONS ||
        !normalize(q->vector, q->dimensions))
        return false;
    if (q->dimensions != s->dimensions)
        forget(s);
    s->dimensions = q->dimensions;
    struct semantic_entry *e = nearest(s, q, &similarity);
    if (e) {
        bool guards = guards_equal((struct slice){e->question, e->question_len}, q->text);
        *match = (struct semantic_match){(double)similarity, guards, e->answer == q->answer, false};
        match->proven = guards && match->similarity >= s->threshold && semantic_is_proven(e->seen, e->wrong);
        count(s, e, match);
    }
    add(s, q);
    return e != NULL;
}

uint64_t semantic_answer(struct slice text)
{
    uint64_t hash = FAST_HASH_START;
    bool blank = true;
    for (size_t i = 0; i < text.len; i++) {
        bool space = isspace((unsigned char)text.ptr[i]);
        if (space && blank)
            continue;
        blank = space;
        hash = fast_hash_byte(hash, space ? ' ' : text.ptr[i]);
    }
    return hash;
}
