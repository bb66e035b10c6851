/* semantic: pure. Questions of the same scope by their vectors, to find out how often a similar question has the same
 * answer. It only observes: nothing is served from it.
 *
 * Similarity alone proves nothing: opposite requests are often more alike than two wordings of one (vCache, arXiv
 * 2502.03771). So an entry counts as proven only if its own observations bound its error, and a cold one never is. */
#ifndef POINTSMAN_CACHE_SEMANTIC_H
#define POINTSMAN_CACHE_SEMANTIC_H

#include "proxy/cache/canonical.h"

#define SEMANTIC_MAX 10000 /* questions; the oldest go first */
#define SEMANTIC_DIMENSIONS 4096
#define SEMANTIC_TEXT_MAX 8192 /* bytes of a question */
#define SEMANTIC_BANDS 12      /* of similarity: below .80, then in steps of .02 */
#define SEMANTIC_ERROR 0.02    /* highest error of a proven entry, at 95 % confidence */

struct semantic_entry {
    unsigned char scope[CACHE_KEY_SIZE];
    uint64_t answer; /* a hash */
    float *vector;   /* owned, of length 1 */
    char *question;  /* owned */
    size_t question_len;
    unsigned seen, wrong; /* later questions at the threshold whose guards are equal; with another answer */
};

struct semantic {
    double threshold;
    struct semantic_entry *entries; /* a ring */
    unsigned count, next, cap, dimensions;
    struct semantic_band {
        uint64_t pairs, agreed;           /* nearest neighbors; with the same answer */
        uint64_t guarded, guarded_agreed; /* those whose guards are equal */
    } bands[SEMANTIC_BANDS];
};

struct semantic_question {
    const unsigned char *scope; /* CACHE_KEY_SIZE bytes: all but the question itself */
    struct slice text;
    uint64_t answer; /* a hash of the answer's text */
    float *vector;   /* changed: its length becomes 1 */
    unsigned dimensions;
};

/* What the nearest earlier question says. */
struct semantic_match {
    double similarity; /* cosine */
    bool guards;       /* numbers, names and negations are equal */
    bool agrees;       /* the answers are equal */
    bool proven;       /* before this observation, its error was bounded and all else allowed to serve it */
};

/* `cap`: at most SEMANTIC_MAX. */
void semantic_init(struct semantic *s, double threshold, unsigned cap);
void semantic_free(struct semantic *s);
/* Finds the nearest question of the scope, counts the observation, and adds the question. A vector of other dimensions
 * than the earlier ones forgets these: it is another model's. false: there was none, or out of memory. */
bool semantic_observe(struct semantic *s, const struct semantic_question *q, struct semantic_match *match);
/* Returns whether so many observations, `wrong` of them wrong, bound the error: the upper limit at 95 % confidence
 * (Clopper and Pearson) is at most SEMANTIC_ERROR. */
bool semantic_is_proven(unsigned seen, unsigned wrong);
/* Returns the lower limit of a band; 0: of the lowest. */
double semantic_band_from(unsigned band);
/* Returns a hash of an answer's text, in which white space counts as one blank. */
uint64_t semantic_answer(struct slice text);

#endif
