/* tables: pure. The figures as HTML. A cell with a number has it as data-value, exactly; its text is rounded. An
 * unknown number is a dash. A table's class names its chart, which the page's script draws (www/usage.js). */
#ifndef POINTSMAN_CGI_USAGE_TABLES_H
#define POINTSMAN_CGI_USAGE_TABLES_H

#include "cgi/usage/app.h"

/* Appends the sums as list items, with the change since `before`, which may be empty. */
void tables_add_tiles(const struct usage_sums *all, const struct usage_sums *before, struct buf *out);
/* Appends what the reply cache answered, saved and missed; nothing without a cache. */
void tables_add_replies(const struct usage_sums *all, struct buf *out);
/* Append one table each, from a report by the dimensions that are named. */
void tables_add_costs(const struct report *by_time_and_model, const struct range *range, struct buf *out);
void tables_add_tokens(const struct report *by_time, const struct range *range, struct buf *out);
void tables_add_latencies(const struct report *by_time, const struct range *range, struct buf *out);
void tables_add_speeds(const struct report *by_model, const struct range *range, struct buf *out);
void tables_add_failures(const struct report *by_time_and_provider, const struct range *range, struct buf *out);
void tables_add_savings(const struct report *by_alias, const struct range *range, struct buf *out);
void tables_add_outcomes(const struct report *by_provider_and_outcome, const struct range *range, struct buf *out);
void tables_add_conversations(const struct report *by_conversation, const struct turn_bars *bars, struct buf *out);
void tables_add_groups(const struct report *report, const struct range *range, struct buf *out);
void tables_add_turns(const struct turns *turns, struct buf *out);
/* Appends the turns that cost most, with the reason, as list items. */
void tables_add_dearest(const struct turns *turns, struct buf *out);

#endif
