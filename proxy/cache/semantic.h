/* semantic: pure. Compares questions of the same scope by their embedding vectors: how often similar questions have the
 * same answer, and for which earlier questions that is proven, so that their answers may be reused.
 *
 * Similarity alone proves nothing: opposite requests are often more alike than two wordings of one. So each entry needs
 * a proof of its own, as in vCache (Schroeder et al., "vCache: Verified Semantic Prompt Caching", arXiv 2502.03771):
 * from the pairs (similarity, same answer?) that were observed of this entry, an upper confidence bound of its error
 * rate must be below the configured rate. An entry without observations is never used. Unlike vCache, which fits a
 * logistic curve to the pairs, the bound assumes no distribution, and looks that only what was at most as similar as
 * the new question counts in its favor, but every error against it.
 *
 * The bound is tested after each observation, for which Clopper and Pearson's is not valid. This one is (Robbins,
 * "Statistical methods related to the law of the iterated logarithm", 1970; Howard et al., arXiv 1810.08240): for w
 * errors in n observations and an error rate of at least e, the ratio
 *
 *     M = 1/e * Integral from 0 to e of q^w (1-q)^(n-w) dq / (e^w (1-e)^(n-w))
 *       = P(B(n+1, e) > w) / ((n+1) e P(B(n, e) = w))        B: the binomial distribution
 *
 * is a supermartingale that begins at 1, so it ever reaches 20 with a probability of at most 5 % (Ville's inequality).
 * The entry is proven while M >= 20: after 224 observations without an error if e is 0.02, after 20 if it is 0.2.
 *
 * The bound holds for questions like those observed. The first "disable" after a hundred "enable" is not like them. So
 * the new question must also pass the guards (guards.h), and each word in which it differs from the entry's question
 * must have been such a word in a pair with the same answer, and in no pair with different answers. */
#ifndef POINTSMAN_CACHE_SEMANTIC_H
#define POINTSMAN_CACHE_SEMANTIC_H

#include "proxy/cache/canonical.h"

#define SEMANTIC_MAX 10000 /* questions; beyond it, the oldest are removed */
#define SEMANTIC_DIMENSIONS 4096
#define SEMANTIC_TEXT_MAX 8192 /* bytes of a question */
#define SEMANTIC_BANDS 12      /* ranges of similarity: below 0.80, then in steps of 0.02 */
#define SEMANTIC_WORDS_MAX 64  /* known words of an entry */
#define SEMANTIC_EXPLORES 8    /* every so many times, a proven entry is observed instead of used */

/* A word in which a question differed from an entry's. */
struct semantic_word {
    uint64_t hash;
    bool matters; /* it was in a pair with different answers */
};

struct semantic_entry {
    unsigned char scope[CACHE_KEY_SIZE], key[CACHE_KEY_SIZE];
    unsigned char reply[CACHE_KEY_SIZE]; /* key of the latest cached reply with this answer */
    uint64_t answer;                     /* semantic_answer() */
    float *vector;                       /* owned, of length 1 */
    char *question;                      /* owned */
    size_t question_len;
    /* Later questions at or above the threshold, with equal guards. */
    unsigned right[SEMANTIC_BANDS]; /* those with the same answer and the common words in the same order */
    unsigned wrong;                 /* those with another answer */
    unsigned used;
    unsigned word_count;
    struct semantic_word *words; /* owned; NULL: none */
};

struct semantic {
    double threshold, max_error;
    struct semantic_entry *entries; /* a ring */
    unsigned count, next, cap, dimensions;
    struct semantic_band {
        uint64_t pairs, agreed;           /* pairs of nearest neighbors; those with the same answer */
        uint64_t guarded, guarded_agreed; /* the same, of pairs with equal guards */
    } bands[SEMANTIC_BANDS];
};

struct semantic_question {
    const unsigned char *scope; /* CACHE_KEY_SIZE bytes: a hash of all but the question itself */
    const unsigned char *key;   /* CACHE_KEY_SIZE bytes: the key of its reply in the cache */
    struct slice text;
    uint64_t answer; /* semantic_answer(); semantic_find() ignores it */
    float *vector;   /* is normalized to length 1 */
    unsigned dimensions;
};

/* The nearest earlier question. */
struct semantic_match {
    double similarity; /* cosine */
    bool guards;       /* numbers, names and negations are equal */
    bool words;        /* the words in which they differ are known not to matter */
    bool agrees;       /* the answers are equal; not set by semantic_find() */
    bool proven;       /* before this observation, its error rate was proven, and threshold, guards and words would have
                          allowed its answer */
};

/* `cap`: at most SEMANTIC_MAX. `max_error`: highest error rate of a proven entry, at 95 % confidence. */
void semantic_init(struct semantic *s, double threshold, double max_error, unsigned cap);
void semantic_free(struct semantic *s);
/* Removes all questions. */
void semantic_forget(struct semantic *s);
/* Finds the nearest question of the scope, counts the observation, and adds the question, unless it counted in favor of
 * the nearest one, which then stands for both. The same question again, by its key, is no observation; if its answer
 * has changed, its entry starts again, with one error. If the vector has another number of dimensions than the earlier
 * ones, it is from another model, and these are removed. false: there was none, or out of memory. */
bool semantic_observe(struct semantic *s, const struct semantic_question *q, struct semantic_match *match);
/* Returns whether an entry of the scope might have an answer to the question: if not, no vector is needed. */
bool semantic_may_find(const struct semantic *s, const unsigned char *scope, struct slice text);
/* Returns the nearest question of the scope if its answer may be used, and sets `match`; valid until the next call.
 * NULL: none may, or it is time to observe again. */
const struct semantic_entry *semantic_find(struct semantic *s, const struct semantic_question *q,
                                           struct semantic_match *match);
/* Returns whether `right` and `wrong` observations prove an error rate below `max_error`, see above. */
bool semantic_is_proven(unsigned right, unsigned wrong, double max_error);
/* Returns the lowest similarity of a band. */
double semantic_band_from(unsigned band);
/* Returns a hash of an answer's text; each run of white space counts as one space. */
uint64_t semantic_answer(struct slice text);

#endif
