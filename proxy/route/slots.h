/* slots: pure. How many calls a deployment serves at once before others wait, learned from which of ours had to wait.
 */
#ifndef POINTSMAN_SLOTS_H
#define POINTSMAN_SLOTS_H

#define SLOTS_CASES 10

/* Logarithms of what was seen for each number of slots, against the likeliest, and how likely that makes it; zeroed
 * memory knows nothing. */
struct slots {
    double log_ratio[SLOTS_CASES], weight[SLOTS_CASES];
};

/* A call that started while `others` were under way got its first token after `ttft_ms`; `usual_ms` is what that takes
 * without waiting, `call_ms` what a whole call takes. */
void slots_observe(struct slots *s, unsigned others, double ttft_ms, double usual_ms, double call_ms);
/* The wait to be expected by a call that starts while `others` are under way, in ms. */
double slots_wait_ms(const struct slots *s, unsigned others, double call_ms);

#endif
