/* subject: what `pointsman explain` explains: one run with its requests, or one request, as logged. */
#ifndef POINTSMAN_CLI_RUN_SUBJECT_H
#define POINTSMAN_CLI_RUN_SUBJECT_H

struct subject {
    char *run;    /* the run's log line; NULL: none */
    char **lines; /* the requests' log lines, newest first */
    unsigned count;
};

/* Finds the run or request with this id; NULL: the latest of all. Without either, `run` is NULL and `count` 0. Free
 * with subject_free(). */
void subject_find(struct subject *subject, const char *id);
void subject_free(struct subject *subject);

#endif
