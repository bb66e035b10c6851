/* doctor: looks at everything that pointsman needs, and says of each thing whether it is well and what would mend it.
 * Changes nothing and shows no key. */
#ifndef POINTSMAN_CLI_DOCTOR_H
#define POINTSMAN_CLI_DOCTOR_H

#include "common/buf.h"

#define DOCTOR_FINDINGS_MAX 96

struct finding {
    bool well;
    char name[32];
    char detail[512];
    char remedy[256]; /* "" where all is well */
};

struct doctor {
    struct finding list[DOCTOR_FINDINGS_MAX];
    unsigned count;
    bool running; /* the session's proxy runs */
};

/* Adds a finding; `remedy` NULL: all is well. Line breaks become blanks. */
void doctor_add(struct doctor *doctor, const char *name, const char *remedy, const char *format, ...) PRINTF_LIKE(4, 5);

/* The parts, in the order of the report. */
void doctor_look_at_programs(struct doctor *doctor);
void doctor_look_at_files(struct doctor *doctor);   /* configuration, policy, profiles */
void doctor_look_at_session(struct doctor *doctor); /* runtime folder, page, proxy, ports, leftovers */
void doctor_look_at_models(struct doctor *doctor);  /* keys, Ollama */

#endif
