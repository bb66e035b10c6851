/* doctor: checks everything that pointsman needs and suggests a fix for each problem. Changes nothing, shows no key. */
#ifndef POINTSMAN_CLI_DOCTOR_H
#define POINTSMAN_CLI_DOCTOR_H

#include "common/buf.h"

#define DOCTOR_FINDINGS_MAX 96

struct finding {
    bool ok;
    char name[32];
    char detail[512];
    char fix[256]; /* what to do; "": ok */
};

struct doctor {
    struct finding list[DOCTOR_FINDINGS_MAX];
    unsigned count;
    bool running; /* the session's proxy runs */
};

/* Adds a finding; `fix` NULL: ok. Line breaks become spaces. */
void doctor_add(struct doctor *doctor, const char *name, const char *fix, const char *format, ...) PRINTF_LIKE(4, 5);

/* The checks, in the order of the output. */
void doctor_check_programs(struct doctor *doctor);
void doctor_check_files(struct doctor *doctor);   /* configuration, policy, profiles */
void doctor_check_session(struct doctor *doctor); /* runtime folder, page, proxy, ports, leftovers */
void doctor_check_models(struct doctor *doctor);  /* keys, Ollama */

#endif
