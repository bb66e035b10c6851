/* semantic: pure. Compares questions of the same scope by their embedding vectors, to measure how often similar
 * questions have the same answer. It only observes: no request is answered from it.
 *
 * Similarity alone proves nothing: opposite requests are often more alike than two wordings of one (vCache, arXiv
 * 2502.03771). So an entry counts as proven only if its own observations limit its error rate, and an entry without
 * observations never is. */
#ifndef POINTSMAN_CACHE_SEMANTIC_H
#define POINTSMAN_CACHE_SEMANTIC_H

#include "proxy/cache/canonical.h"

#define SEMANTIC_MAX 10000 /* questions; beyond it, the oldest are removed */
#define SEMANTIC_DIMENSIONS 4096
#define SEMANTIC_TEXT_MAX 8192 /* bytes of a question */
#define SEMANTIC_BANDS 12      /* ranges of similarity: below 0.80, then in steps of 0.02 */
#define SEMANTIC_ERROR 0.02    /* highest error rate of a proven entry, at 95 % confidence */

struct semantic_entry {
    unsigned char scope[CACHE_KEY_SIZE];
    uint64_t answer; /* semantic_answer() */
    float *vector;   /* owned, of length 1 */
    char *question;  /* owned */
    size_t question_len;
    unsigned seen;  /* later questions at or above the threshold, with equal guards */
    unsigned wrong; /* those whose answer differs */
};

struct semantic {
    double threshold;
    struct semantic_entry *entries; /* a ring */
    unsigned count, next, cap, dimensions;
    struct semantic_band {
        uint64_t pairs, agreed;           /* pairs of nearest neighbors; those with the same answer */
        uint64_t guarded, guarded_agreed; /* the same, of pairs with equal guards */
    } bands[SEMANTIC_BANDS];
};

struct semantic_question {
    const unsigned char *scope; /* CACHE_KEY_SIZE bytes: a hash of all but the question itself */
    struct slice text;
    uint64_t answer; /* semantic_answer() */
    float *vector;   /* semantic_observe() normalizes it to length 1 */
    unsigned dimensions;
};

/* The nearest earlier question. */
struct semantic_match {
    double similarity; /* cosine */
    bool guards;       /* numbers, names and negations are equal */
    bool agrees;       /* the answers are equal */
    bool proven; /* before this observation, its error rate was low enough, and the threshold and guards would have
                    allowed its answer */
};

/* `cap`: at most SEMANTIC_MAX. */
void semantic_init(struct semantic *s, double threshold, unsigned cap);
void semantic_free(struct semantic *s);
/* Finds the nearest question of the scope, counts the observation, and adds the question. If the vector has another
 * number of dimensions than the earlier ones, it is from another model, and these are removed. false: there was none,
 * or out of memory. */
bool semantic_observe(struct semantic *s, const struct semantic_question *q, struct semantic_match *match);
/* Returns whether `seen` observations, `wrong` of them wrong, prove a low error rate: its upper limit at 95 %
 * confidence (Clopper and Pearson) is at most SEMANTIC_ERROR. */
bool semantic_is_proven(unsigned seen, unsigned wrong);
/* Returns the lowest similarity of a band. */
double semantic_band_from(unsigned band);
/* Returns a hash of an answer's text; each run of white space counts as one space. */
uint64_t semantic_answer(struct slice text);

#endif
