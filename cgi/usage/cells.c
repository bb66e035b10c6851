/* pure. HTML tables. */
#include "cgi/usage/cells.h"

#include "cgi/template.h"
#include "cgi/usage/app.h"
#include "usage/text.h"

void cells_begin_table(const char *chart, const char *head, struct buf *out)
{
    buf_add_format(out, "<table class=\"%s\"><thead><tr><th scope=\"col\">%s</th>", chart, head);
}

void cells_add_head(const char *head, struct buf *out)
{
    BUF_ADD(out, "<th scope=\"col\">");
    template_escape(out, slice_of(*head ? head : "unknown"));
    BUF_ADD(out, "</th>");
}

void cells_begin_body(struct buf *out)
{
    BUF_ADD(out, "</tr></thead>\n<tbody>\n");
}

void cells_end_table(struct buf *out)
{
    BUF_ADD(out, "</tbody></table>\n");
}

void cells_begin_row(const char *name, struct buf *out)
{
    BUF_ADD(out, "<tr><th scope=\"row\">");
    template_escape(out, slice_of(*name ? name : "unknown"));
    BUF_ADD(out, "</th>");
}

void cells_begin_linked_row(const char *conversation, struct buf *out)
{
    buf_add_format(out, "<tr><th scope=\"row\"><a href=\"usage/conversation?id=%s\">%s</a></th>", conversation,
                   conversation);
}

void cells_begin_day_row(const char *day, const struct usage_filter *filter, const char *part, struct buf *out)
{
    buf_add_format(out, "<tr><th scope=\"row\"><a href=\"usage?since=%s&amp;until=%s", day, day);
    filter_add_query(filter, out);
    buf_add_format(out, "#%s\">%s</a></th>", part, day);
}

void cells_end_row(struct buf *out)
{
    BUF_ADD(out, "</tr>\n");
}

void cells_add_value(double value, struct buf *out)
{
    if (isfinite(value))
        buf_add_format(out, " data-value=\"%.12g\"", value);
}

static void begin_cell(double value, struct buf *out)
{
    BUF_ADD(out, "<td");
    cells_add_value(value, out);
    BUF_ADD(out, ">");
}

static void end_cell(struct buf *out)
{
    BUF_ADD(out, "</td>");
}

void cells_add_text(const char *text, struct buf *out)
{
    begin_cell(NAN, out);
    template_escape(out, slice_of(text));
    end_cell(out);
}

void cells_add_count(double count, struct buf *out)
{
    begin_cell(count, out);
    text_add_count(count, out);
    end_cell(out);
}

void cells_add_tokens(double count, bool estimated, struct buf *out)
{
    begin_cell(count, out);
    if (estimated && isfinite(count))
        BUF_ADD(out, "~");
    text_add_count(count, out);
    end_cell(out);
}

void cells_add_money(double usd, struct buf *out)
{
    begin_cell(usd, out);
    text_add_money(usd, out);
    end_cell(out);
}

void cells_add_seconds(double ms, struct buf *out)
{
    begin_cell(ms / 1000, out);
    text_add_seconds(ms, out);
    end_cell(out);
}

void cells_add_share(double share, struct buf *out)
{
    begin_cell(share, out);
    if (isfinite(share))
        buf_add_format(out, "%.0f %%", 100 * share);
    else
        BUF_ADD(out, "-");
    end_cell(out);
}

void cells_add_sum(const struct usage_sums *sums, enum usage_figure figure, struct buf *out)
{
    begin_cell(sums_figure(sums, figure), out);
    text_add_sum(sums, figure, out);
    end_cell(out);
}
