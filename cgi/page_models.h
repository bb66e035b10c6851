/* page_models: the models on the page, from the proxy's report about itself (notify.h). */
#ifndef POINTSMAN_CGI_PAGE_MODELS_H
#define POINTSMAN_CGI_PAGE_MODELS_H

#include "cgi/template.h"
#include "common/json.h"

/* All take the report; without one (count 0), they append what fits a proxy without models.
 *
 * Appends a table row for each alias that is ready, with its deployments (those that are ready first) and a form that
 * tests it, with the page token. */
void page_models_write_ready(const struct json *report, const char *token, struct buf *out);
/* Appends one line, folded, about the aliases that are not ready; unfolded it has what each needs. Nothing if there are
 * none. */
void page_models_write_missing(const struct json *report, struct buf *out);
/* Appends the map's tracks to providers that have a deployment ready, each with a space after it; a track may be
 * repeated. The map is in the template. */
void page_models_write_tracks(const struct json *report, const struct template *page, struct buf *out);
/* Appends the model of the page's examples: the first alias that is ready. */
void page_models_write_example(const struct json *report, struct buf *out);

#endif
