/* decisions: pure. The last requests, and how each was decided: whom it was offered to, who was held back by what, who
 * served. A ring of a fixed size; names are copied, for a configuration may go while its decisions are still shown.
 * Words are made when somebody asks. */
#ifndef POINTSMAN_DECISIONS_H
#define POINTSMAN_DECISIONS_H

#include "common/document.h"
#include "proxy/record/journal.h"

#define DECISIONS_MAX 200
#define DECISION_NAME 64 /* bytes of a name, its end included; longer ones are cut */
#define DECISION_ATTEMPTS 8
#define DECISION_CHOICES 8
#define DECISION_WORDS 160

struct decision {
    int64_t time_ms;                                                  /* Unix time */
    char request_id[33], alias[DECISION_NAME], served[DECISION_NAME]; /* served: "" when nobody did */
    const struct strategy *strategy;
    bool sticky, all_limited;  /* see struct plan */
    struct decision_adaptive { /* what the adaptive router said; baseline "" where it said nothing */
        char baseline[DECISION_NAME], suggested[DECISION_NAME];
        bool would_switch, applied, cost_guard_blocked;
        float confidence_delta;
    } adaptive;
    int status;                           /* what the client got */
    const char *end;                      /* journal_entry.end */
    unsigned attempt_count, choice_count; /* of those that are kept */
    struct decision_attempt {
        char deployment[DECISION_NAME];
        enum failure_kind outcome;
        int status;
        uint32_t ms;
        bool lost; /* see journal_attempt */
    } attempts[DECISION_ATTEMPTS];
    struct decision_choice {
        char deployment[DECISION_NAME];
        struct choice
            choice; /* its deployment NULL: the configuration is gone, and `words` say what there was to say */
        char words[DECISION_WORDS];
    } choices[DECISION_CHOICES];
};

struct decisions {
    struct decision ring[DECISIONS_MAX];
    unsigned next, count;
};

/* Keeps the request in place of the oldest. */
void decisions_add(struct decisions *all, const struct journal_entry *entry);
/* The configuration is about to go: the decisions that refer to its deployments are put in words now. */
void decisions_detach(struct decisions *all, const struct config *config);
/* Adds them, oldest first, to an array:
 * {"ts","request_id","requested_model","selected_model","strategy","status","end",
 * "attempts":[{"model","outcome","status","ms"}],
 * "choices":[{"model","limit","limit_remaining_s","score","terms":{},"reason"}],
 * "adaptive_router":null or {"baseline_provider","suggested_provider","confidence_delta","would_switch","applied",
 * "cost_guard_blocked"}}. */
void decisions_describe(const struct decisions *all, struct container in);

#endif
