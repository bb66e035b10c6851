/* slots: pure. Estimates how many attempts a deployment processes at once before others wait, from which ones had to
 * wait. */
#ifndef POINTSMAN_SLOTS_H
#define POINTSMAN_SLOTS_H

#define SLOTS_CASES 10

/* For each case, the logarithm of its likelihood over the best one, and its weight. Zeroed memory has no samples. */
struct slots {
    double log_ratio[SLOTS_CASES], weight[SLOTS_CASES];
};

/* Learns from an attempt that started while `others` ran and got its first token after `ttft_ms`. `usual_ms`: TTFT
 * without a wait. `call_ms`: duration of a whole attempt. */
void slots_observe(struct slots *s, unsigned others, double ttft_ms, double usual_ms, double call_ms);
/* Returns the expected wait, in ms, of an attempt that starts while `others` run. */
double slots_wait_ms(const struct slots *s, unsigned others, double call_ms);

#endif
