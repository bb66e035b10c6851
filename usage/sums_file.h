/* sums_file: what outlasts the files of the request log: sums per day, model, provider, alias and client, in
 * usage-sums.jsonl beside the log.
 *
 *   requests.jsonl.15 ─fold─▶ usage-sums.jsonl ─▶ every report
 *
 * Each line is a cell. The first line names the log file that was added last, so that a process that is killed between
 * the two steps adds nothing twice. Days are those of the time zone of the process that added them. */
#ifndef POINTSMAN_USAGE_SUMS_FILE_H
#define POINTSMAN_USAGE_SUMS_FILE_H

#include "common/log_files.h"
#include "usage/fold.h"

#define SUMS_FILE LOG_SUMS

/* Which version of the file was read; equal if nothing was added since. */
struct sums_version {
    uint64_t inode;
    int64_t size, time_ns;
};

/* Adds the sums of the log file to the sums file of its folder: log_limits.retire. Nothing is added if it can't be read
 * or written; a message goes to the log. */
void sums_file_add(const char *log_file);
/* Adds the sums of the folder of `log` to the fold, those of days that begin in its range. A missing file has none;
 * lines that can't be read are skipped and counted. false: a message in `error`. */
MUST_CHECK bool sums_file_read(struct fold *f, const char *log, struct buf *error);
/* Returns the version of the sums file in the folder of `log`; zeros: there is none. */
struct sums_version sums_file_version(const char *log);
bool sums_version_equal(const struct sums_version *a, const struct sums_version *b);

#endif
