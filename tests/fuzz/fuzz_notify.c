/* Fuzz target: the proxy's datagrams to the session app, and the status report in them. */
#include "tests/fuzz/fuzz.h"
#include "cgi/notify.h"

#include <stdlib.h>

const char *const fuzz_seeds[] = {
    "READY=1\nX_POINTSMAN_STATUS={\"version\":\"0.1\",\"aliases\":[{\"name\":\"a\",\"ready\":true,\"reason\":\"\"},"
    "{\"name\":\"b\\u00e9\",\"ready\":false,\"reason\":\"X is not set\"}],\"hardening\":{\"no_core\":true}}\nSTOPPING=1\n",
    "STOPPING=1",
    "{\"version\":\"0.1\",\"aliases\":[{\"name\":\"a\",\"ready\":true,\"reason\":\"r\",\"deployments\":[{\"model\":\"x/y\","
    "\"ready\":true,\"serves\":true,\"reason\":\"\",\"calls\":3,\"failed\":1,\"ttft_ms\":-1}]}],\"hardening\":{}}",
    "{\"version\":\"0.1\",\"aliases\":[{\"name\":\"a\",\"ready\":true,\"reason\":\"r\"}],\"hardening\":{}}",
    NULL,
};

static void must(bool truth)
{
    if (!truth)
        abort();
}

static unsigned members(const struct json *j, uint32_t object)
{
    unsigned count = 0;
    for (uint32_t key = json_first(j, object); key != JSON_NONE; key = json_next(j, key))
        count++;
    return count;
}

static void check_deployments(const struct json *j, uint32_t list)
{
    uint32_t deployment = list != JSON_NONE ? json_first(j, list) : JSON_NONE;
    for (; deployment != JSON_NONE; deployment = json_next(j, deployment)) {
        must(members(j, deployment) == 7 && json_is(j, json_get(j, deployment, "model"), JSON_STRING));
        must(json_is(j, json_get(j, deployment, "calls"), JSON_NUMBER));
        must(json_is(j, json_get(j, deployment, "ttft_ms"), JSON_NUMBER));
    }
}

/* An accepted report has the form that status and page rely on. */
static void check_report(const struct child_report *report)
{
    const struct json *j = &report->json;
    must(members(j, 0) == 3);
    must(json_is(j, json_get(j, 0, "version"), JSON_STRING) && json_is(j, json_get(j, 0, "hardening"), JSON_OBJECT));
    uint32_t alias = json_first(j, json_get(j, 0, "aliases"));
    for (; alias != JSON_NONE; alias = json_next(j, alias)) {
        must(members(j, alias) == 3 || members(j, alias) == 4);
        must(json_is(j, json_get(j, alias, "name"), JSON_STRING) &&
             json_is(j, json_get(j, alias, "reason"), JSON_STRING));
        must(json_is(j, json_get(j, alias, "ready"), JSON_TRUE) || json_is(j, json_get(j, alias, "ready"), JSON_FALSE));
        check_deployments(j, json_get(j, alias, "deployments"));
    }
}

/* A rejected report leaves the previous one unchanged. */
static void take(struct slice text)
{
    static const char GOOD[] = "{\"version\":\"good\",\"aliases\":[],\"hardening\":{}}";
    struct child_report report = {0};
    must(child_report_take(&report, SLICE(GOOD)));
    if (child_report_take(&report, text)) {
        must(slice_equal(buf_slice(&report.text), text));
        check_report(&report);
    } else {
        must(slice_is(buf_slice(&report.text), GOOD) && report.json.count > 0);
    }
    child_report_clear(&report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice datagram = {(const char *)data, size};
    struct notice notice;
    notice_parse(datagram, &notice);
    must(!notice.report.len ||
         (notice.report.ptr >= datagram.ptr && notice.report.ptr + notice.report.len <= datagram.ptr + datagram.len));
    take(notice.report);
    take(datagram);
    return 0;
}
