/* A progress bar on standard error. */
#include "cli/progress.h"

#include "cli/terminal.h"

#include <string.h>

#define BAR_MAX 40u

static void draw(const struct progress *progress, uint64_t done, uint64_t total, unsigned mille)
{
    char bar[BAR_MAX + 1];
    unsigned width = terminal_width(stderr), room = width > 60 ? width - 50 : 10;
    unsigned length = room < BAR_MAX ? room : BAR_MAX, full = length * mille / 1000;
    memset(bar, '.', length);
    memset(bar, '#', full);
    bar[length] = '\0';
    if (total)
        fprintf(stderr, "\r\033[K%.24s [%s] %3u %%  %llu/%llu MB", progress->label, bar, mille / 10,
                (unsigned long long)(done / 1000000), (unsigned long long)(total / 1000000));
    else
        fprintf(stderr, "\r\033[K%.24s", progress->label);
    fflush(stderr);
}

void progress_show(struct progress *progress, const char *label, uint64_t done, uint64_t total)
{
    bool fresh = strncmp(progress->label, label, sizeof progress->label - 1) != 0;
    if (done > total)
        done = total;
    unsigned mille = total ? (unsigned)((double)done / (double)total * 1000) : 0;
    if (!fresh && progress->shown == mille + 1)
        return;
    (void)snprintf(progress->label, sizeof progress->label, "%s", label);
    progress->shown = mille + 1;
    if (terminal_is(stderr))
        draw(progress, done, total, mille);
    else if (fresh)
        say("%s", progress->label);
}

void progress_end(struct progress *progress)
{
    if (progress->shown && terminal_is(stderr)) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
    }
    *progress = (struct progress){0};
}
