/* decisions: pure. The last routing decisions: candidates, why each was skipped, attempts, and which deployment
 * answered. A ring of fixed size. Names are copied because a configuration may be freed while its decisions are still
 * shown. Explanations are written on demand. */
#ifndef POINTSMAN_DECISIONS_H
#define POINTSMAN_DECISIONS_H

#include "common/document.h"
#include "proxy/record/journal.h"

#define DECISIONS_MAX 200 /* in the ring */
#define DECISION_NAME 64  /* bytes of a name, NUL included; longer names are cut */
#define DECISION_ATTEMPTS 8
#define DECISION_CHOICES 8
#define DECISION_TEXT 160 /* bytes of an explanation */

struct decision {
    int64_t time_ms; /* Unix time */
    char request_id[33], alias[DECISION_NAME];
    char served[DECISION_NAME]; /* the deployment that answered; "": none */
    const struct strategy *strategy;
    bool sticky, all_limited;  /* see struct plan */
    struct decision_adaptive { /* the adaptive router's decision; baseline "": none */
        char baseline[DECISION_NAME], suggested[DECISION_NAME];
        bool would_switch, applied, cost_guard_blocked;
        float confidence_delta;
    } adaptive;
    int status;                           /* status sent to the client */
    const char *end;                      /* journal_entry.end */
    unsigned attempt_count, choice_count; /* in the arrays below */
    struct decision_attempt {
        char deployment[DECISION_NAME];
        enum failure_kind outcome;
        int status;
        uint32_t ms;
        bool lost;                                                  /* see journal_attempt */
        char rule[DECISION_NAME], again_without[2 * DECISION_NAME]; /* "": none */
    } attempts[DECISION_ATTEMPTS];
    struct decision_choice {
        char deployment[DECISION_NAME];
        struct choice choice;     /* deployment NULL: detached, see `text` */
        char text[DECISION_TEXT]; /* explanation, once detached */
    } choices[DECISION_CHOICES];
};

struct decisions {
    struct decision ring[DECISIONS_MAX];
    unsigned next, count;
};

/* Records a request, over the oldest. */
void decisions_add(struct decisions *all, const struct journal_entry *entry);
/* Call before freeing a configuration: writes the explanations that refer to its deployments now. */
void decisions_detach(struct decisions *all, const struct config *config);
/* Adds the decisions to an array, oldest first:
 * {"ts","request_id","requested_model","selected_model","strategy","status","end",
 * "attempts":[{"model","outcome","status","ms","rule","again_without"}],
 * "choices":[{"model","limit","limit_remaining_s","score","terms":{},"reason"}],
 * "adaptive_router":null or {"baseline_provider","suggested_provider","confidence_delta","would_switch","applied",
 * "cost_guard_blocked"}}. */
void decisions_describe(const struct decisions *all, struct container in);

#endif
