"""Common to bench/measure-dispatch and bench/measure-streaming: the proxy's address and key, the requests, and the
output."""
import argparse
import collections
import http.client
import json
import os
import pathlib
import statistics
import sys
import time
import urllib.parse

SERVED_BY = ("X-Risk-Router-Selected-Model", "x-litellm-model-id")


def arguments(doc, iterations):
    parser = argparse.ArgumentParser(description=doc,
                                     epilog="Sends real requests: with paid providers they cost money. The key "
                                     "is LITELLM_API_KEY, else from the session app's key file.")
    parser.add_argument("--url", default=os.environ.get("LITELLM_BASE_URL", "http://127.0.0.1:4001/v1"),
                        help="base URL (default: $LITELLM_BASE_URL, else the risk router's port on this machine)")
    parser.add_argument("--model", action="append", metavar="ALIAS", help="may be repeated (default: codex-light)")
    parser.add_argument("-n", "--iterations", type=int, default=iterations,
                        help=f"requests per model (default {iterations})")
    parser.add_argument("--prompt", default="Answer with one short sentence: what does a pointsman do?")
    parser.add_argument("--max-tokens", type=int, default=128)
    parser.add_argument("--timeout", type=float, default=240, metavar="SECONDS")
    parser.add_argument("--json", action="store_true", help="print one object instead of tables")
    options = parser.parse_args()
    if options.iterations < 1:
        parser.error("--iterations: at least 1")
    options.model = options.model or ["codex-light"]
    return options


def key():
    """The proxy's key, which is never printed."""
    if os.environ.get("LITELLM_API_KEY"):
        return os.environ["LITELLM_API_KEY"]
    xdg, temporary = os.environ.get("XDG_RUNTIME_DIR"), os.environ.get("TMPDIR", "/tmp")
    usual = f"{xdg}/pointsman" if xdg else f"{temporary}/pointsman-{os.getuid()}"
    try:
        return (pathlib.Path(os.environ.get("POINTSMAN_RUNTIME_DIR")
                             or usual) / "codex-litellm-proxy.key").read_text().strip()
    except OSError:
        sys.exit("no key: set LITELLM_API_KEY, or start a session (pointsman start)")


class Call:
    """One request: the time of its first content, its tokens, the deployment that answered. A failure is a result,
    too."""

    def __init__(self, options, secret, model, streamed):
        self.model, self.served, self.attempts, self.status, self.error = model, None, None, 0, None
        self.ttft_ms = self.tokens = self.tokens_per_second = None
        body = {"model": model, "messages": [{"role": "user", "content": options.prompt}],
                "max_tokens": options.max_tokens, "stream": streamed}
        if streamed:
            body["stream_options"] = {"include_usage": True}
        began = time.monotonic()
        try:
            self._ask(options, secret, body, began)
        except (OSError, ValueError, http.client.HTTPException) as fault:
            self.error = str(fault) or type(fault).__name__
        self.total_ms = 1000 * (time.monotonic() - began)
        if self.tokens and self.ttft_ms is not None and self.total_ms > self.ttft_ms:
            self.tokens_per_second = 1000 * self.tokens / (self.total_ms - self.ttft_ms)

    def _ask(self, options, secret, body, began):
        url = urllib.parse.urlsplit(options.url)
        kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
        connection = kind(url.hostname, url.port, timeout=options.timeout)
        try:
            connection.request("POST", f"{url.path.rstrip('/')}/chat/completions", json.dumps(body),
                               {"Content-Type": "application/json", "Authorization": f"Bearer {secret}"})
            reply = connection.getresponse()
            self.status = reply.status
            self.served = next((reply.headers[name] for name in SERVED_BY if name in reply.headers), None)
            self.attempts = reply.headers.get("X-Risk-Router-Attempts")
            if reply.status != 200:
                self.error = self._words(reply.read())
            elif body["stream"]:
                self._read_stream(reply, began)
            else:
                self.tokens = (json.load(reply).get("usage") or {}).get("completion_tokens")
        finally:
            connection.close()

    @staticmethod
    def _words(body):
        try:
            return json.loads(body)["error"]["message"]
        except (ValueError, KeyError, TypeError):
            return body[:200].decode(errors="replace")

    def _read_stream(self, reply, began):
        pieces, ended = 0, False
        for line in reply:
            if not line.startswith(b"data: "):
                continue
            if line[6:].strip() == b"[DONE]":
                ended = True
                break
            event = json.loads(line[6:])
            if "error" in event:
                raise ValueError(event["error"].get("message", "the stream ended in an error"))
            delta = event["choices"][0]["delta"] if event.get("choices") else {}
            if any(delta.get(name) for name in ("content", "reasoning_content", "tool_calls")):
                pieces += 1
                if self.ttft_ms is None:
                    self.ttft_ms = 1000 * (time.monotonic() - began)
            self.tokens = (event.get("usage") or {}).get("completion_tokens", self.tokens)
        if not ended:
            raise ValueError("the stream was truncated")
        self.tokens = self.tokens or pieces or None

    def row(self):
        return {name: getattr(self, name) for name in
                ("model", "served", "attempts", "status", "ttft_ms", "total_ms", "tokens", "tokens_per_second",
                 "error")}


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None


def summary(model, calls):
    good = [call for call in calls if not call.error]

    def known(name):
        return [getattr(call, name) for call in good if getattr(call, name) is not None]
    return {
        "model": model, "calls": len(calls), "failed": len(calls) - len(good),
        "served": dict(collections.Counter(call.served or "?" for call in good)),
        **{f"{name}_{label}": value for name in ("ttft_ms", "total_ms") for label, value in
           (("p50", percentile(known(name), 0.5)), ("p95", percentile(known(name), 0.95)))},
        "tokens_per_second": statistics.fmean(known("tokens_per_second")) if known("tokens_per_second") else None,
    }


def _cell(value):
    if isinstance(value, float):
        return f"{value:.1f}"
    if isinstance(value, dict):
        return ", ".join(f"{name} {count}x" for name, count in value.items()) or "-"
    return "-" if value is None else str(value)


def table(rows):
    names = list(rows[0])
    cells = [names, *[[_cell(row[name]) for name in names] for row in rows]]
    widths = [max(len(line[i]) for line in cells) for i in range(len(names))]
    for line in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())


def main(doc, streamed, iterations):
    """Sends the requests one at a time, the models in turn. Exit code 1 if any of them failed."""
    options = arguments(doc, iterations)
    secret = key()
    calls = []
    for _ in range(options.iterations):
        for model in options.model:
            calls.append(Call(options, secret, model, streamed))
    rows = [call.row() for call in calls]
    summaries = [summary(model, [call for call in calls if call.model == model])
                 for model in dict.fromkeys(options.model)]
    if options.json:
        print(json.dumps({"url": options.url, "streamed": streamed, "calls": rows, "summary": summaries}, indent=1))
    else:
        table(rows)
        print()
        table(summaries)
    return any(call.error for call in calls)
