/* pure: similar questions. */
#include "proxy/cache/semantic.h"

#include "common/fast_hash.h"
#include "proxy/cache/guards.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>

#define FIRST_BAND 0.80
#define BAND 0.02
#define EVIDENCE 20.0     /* M of a proven entry: 1 / 5 % */
#define RIGHT_MAX 100000u /* of a band */

void semantic_init(struct semantic *s, double threshold, double max_error, unsigned cap)
{
    *s = (struct semantic){
        .threshold = threshold, .max_error = max_error, .cap = cap < SEMANTIC_MAX ? cap : SEMANTIC_MAX};
}

static void clear(struct semantic_entry *e)
{
    free(e->vector);
    free(e->question);
    free(e->words);
    *e = (struct semantic_entry){.vector = NULL};
}

void semantic_forget(struct semantic *s)
{
    for (unsigned i = 0; i < s->count; i++)
        clear(&s->entries[i]);
    s->count = s->next = 0;
}

void semantic_free(struct semantic *s)
{
    semantic_forget(s);
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

/* The logarithm of the binomial distribution's probability of k in n. */
static double log_binomial(double n, double k, double rate)
{
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) + k * log(rate) + (n - k) * log1p(-rate);
}

bool semantic_is_proven(unsigned right, unsigned wrong, double max_error)
{
    double n = (double)right + wrong, at_most = 0;
    if (wrong >= n * max_error)
        return false; /* M is at most 1 */
    for (unsigned k = 0; k <= wrong; k++)
        at_most += exp(log_binomial(n + 1, k, max_error));
    return log1p(-at_most) - log((n + 1) * max_error) - log_binomial(n, wrong, max_error) >= log(EVIDENCE);
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

static struct semantic_word *find_word(const struct semantic_entry *e, uint64_t hash)
{
    for (unsigned i = 0; i < e->word_count; i++)
        if (e->words[i].hash == hash)
            return &e->words[i];
    return NULL;
}

/* Whether no word matters. `count` -1: not known. */
static bool words_allow(const struct semantic_entry *e, const uint64_t *words, int count)
{
    for (int i = 0; i < count; i++) {
        const struct semantic_word *w = find_word(e, words[i]);
        if (!w || w->matters)
            return false;
    }
    return count >= 0;
}

/* A word without a place stays unknown. */
static void learn_words(struct semantic_entry *e, const uint64_t *words, int count, bool matter)
{
    if (count > 0 && !e->words)
        e->words = calloc(SEMANTIC_WORDS_MAX, sizeof *e->words);
    for (int i = 0; i < count && e->words; i++) {
        struct semantic_word *w = find_word(e, words[i]);
        if (!w && e->word_count < SEMANTIC_WORDS_MAX)
            w = &e->words[e->word_count++], w->hash = words[i];
        if (w)
            w->matters |= matter;
    }
}

/* Compares the entry's question and another text. Returns guards_difference(). */
static int compare(const struct semantic_entry *e, struct slice text, struct semantic_match *m,
                   uint64_t words[GUARDS_DIFFERENCE_MAX])
{
    const struct slice question = {e->question, e->question_len};
    int count = guards_difference(question, text, words);
    m->guards = guards_equal(question, text);
    m->words = words_allow(e, words, count);
    return count;
}

/* Whether a question of at least this similarity gets the entry's answer. */
static bool is_proven_at(const struct semantic *s, const struct semantic_entry *e, double similarity)
{
    unsigned right = 0, band = band_of(similarity);
    for (unsigned i = 0; i <= band; i++)
        right += e->right[i];
    return similarity >= s->threshold && semantic_is_proven(right, e->wrong, s->max_error);
}

/* Returns whether the observation counts in favor of the entry. */
static bool count(struct semantic *s, struct semantic_entry *e, const struct semantic_match *m, const uint64_t *words,
                  int word_count)
{
    unsigned at = band_of(m->similarity);
    struct semantic_band *band = &s->bands[at];
    band->pairs++;
    band->agreed += m->agrees;
    band->guarded += m->guards;
    band->guarded_agreed += m->guards && m->agrees;
    if (!m->guards || m->similarity < s->threshold)
        return false;
    bool right = m->agrees && word_count >= 0;
    e->right[at] += right && e->right[at] < RIGHT_MAX;
    e->wrong += !m->agrees;
    learn_words(e, words, word_count, !m->agrees);
    return right;
}

static void add(struct semantic *s, const struct semantic_question *q)
{
    if (!s->entries)
        s->entries = calloc(s->cap, sizeof *s->entries);
    if (!s->entries || !s->cap)
        return;
    struct semantic_entry e = {.answer = q->answer, .question_len = q->text.len};
    memcpy(e.scope, q->scope, CACHE_KEY_SIZE);
    memcpy(e.key, q->key, CACHE_KEY_SIZE);
    memcpy(e.reply, q->key, CACHE_KEY_SIZE);
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

static bool is_usable(const struct semantic_question *q)
{
    return q->text.len && q->text.len <= SEMANTIC_TEXT_MAX && q->dimensions && q->dimensions <= SEMANTIC_DIMENSIONS &&
           normalize(q->vector, q->dimensions);
}

/* Whether the question has an entry. If its answer is another one now, what was observed is void. */
static bool repeats(struct semantic *s, const struct semantic_question *q)
{
    for (unsigned i = 0; i < s->count; i++) {
        struct semantic_entry *e = &s->entries[i];
        if (memcmp(e->key, q->key, CACHE_KEY_SIZE) != 0)
            continue;
        if (e->answer != q->answer) {
            memset(e->right, 0, sizeof e->right);
            e->wrong = 1;
            e->word_count = 0;
            e->answer = q->answer;
        }
        memcpy(e->reply, q->key, CACHE_KEY_SIZE);
        return true;
    }
    return false;
}

bool semantic_observe(struct semantic *s, const struct semantic_question *q, struct semantic_match *match)
{
    float similarity;
    uint64_t words[GUARDS_DIFFERENCE_MAX];
    if (!is_usable(q))
        return false;
    if (q->dimensions != s->dimensions)
        semantic_forget(s);
    s->dimensions = q->dimensions;
    if (repeats(s, q))
        return false;
    struct semantic_entry *e = nearest(s, q, &similarity);
    if (e) {
        *match = (struct semantic_match){.similarity = (double)similarity, .agrees = e->answer == q->answer};
        int word_count = compare(e, q->text, match, words);
        match->proven = match->guards && match->words && is_proven_at(s, e, match->similarity);
        if (count(s, e, match, words, word_count)) {
            memcpy(e->reply, q->key, CACHE_KEY_SIZE);
            return true;
        }
    }
    add(s, q);
    return e != NULL;
}

bool semantic_may_find(const struct semantic *s, const unsigned char *scope, struct slice text)
{
    struct semantic_match m;
    uint64_t words[GUARDS_DIFFERENCE_MAX];
    for (unsigned i = 0; i < s->count; i++) {
        const struct semantic_entry *e = &s->entries[i];
        if (memcmp(e->scope, scope, CACHE_KEY_SIZE) != 0 || !is_proven_at(s, e, 1))
            continue;
        (void)compare(e, text, &m, words);
        if (m.guards && m.words)
            return true;
    }
    return false;
}

const struct semantic_entry *semantic_find(struct semantic *s, const struct semantic_question *q,
                                           struct semantic_match *match)
{
    float similarity;
    uint64_t words[GUARDS_DIFFERENCE_MAX];
    if (!is_usable(q) || q->dimensions != s->dimensions)
        return NULL;
    struct semantic_entry *e = nearest(s, q, &similarity);
    if (!e)
        return NULL;
    *match = (struct semantic_match){.similarity = (double)similarity};
    (void)compare(e, q->text, match, words);
    match->proven = match->guards && match->words && is_proven_at(s, e, match->similarity);
    return match->proven && ++e->used % SEMANTIC_EXPLORES ? e : NULL;
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
