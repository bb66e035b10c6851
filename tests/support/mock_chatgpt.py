"""The ChatGPT backend of Codex and its token endpoint, on one mock server, as strict as the real ones are known to
be; and the auth.json of Codex CLI."""
import base64
import json
import os
import time

import responses_wire as responses
from mock_upstream import error, reply, stream

ACCOUNT = "acc-1"
FIELDS = {"model", "instructions", "input", "tools", "tool_choice", "parallel_tool_calls", "reasoning", "store",
          "stream",
          "include", "text", "service_tier", "prompt_cache_key", "client_metadata", "previous_response_id",
          "truncation"}


def jwt(name, lives_s=3600, account=ACCOUNT):
    """A token that expires after that many seconds; `name` makes it unique."""
    claims = {"exp": int(time.time()) + lives_s, "name": name,
              "https://api.openai.com/auth": {"chatgpt_account_id": account}}
    parts = [json.dumps(part).encode() for part in ({"alg": "none"}, claims)] + [b"signature"]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


class Login:
    """auth.json in a folder, written as Codex writes it: in place."""

    def __init__(self, folder):
        folder.mkdir(exist_ok=True)
        self.path = folder / "auth.json"
        self.lock = folder / "auth.json.lock"

    def write(self, access, refresh="refresh-0", account=ACCOUNT, **more):
        document = {"OPENAI_API_KEY": None, "tokens": {"id_token": jwt("id", account=account), "access_token": access,
                                                       "refresh_token": refresh, "account_id": account, "later": [1e3]},
                    "last_refresh": "2025-01-01T00:00:00.123456Z", "unknown": {"access_token": "kept"}, **more}
        self.write_text(json.dumps(document, indent=2))

    def write_text(self, text):
        with open(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)

    @property
    def text(self):
        return self.path.read_text()

    @property
    def tokens(self):
        return json.loads(self.text)["tokens"]


class ChatGPT:
    """Both servers. Each refresh issues new tokens and invalidates its refresh token."""

    def __init__(self, upstream):
        self.upstream = upstream
        self.accepted = set()            # valid access tokens
        self.refresh = "refresh-0"
        self.lives_s = 3600              # s, of tokens issued later
        self.rotates = True              # a refresh issues a new refresh token, too
        self.calls, self.renewals = [], []   # the requests, in order of arrival
        self.replies = []                # for the next valid requests; then a short text
        self.token_reply = None          # a function of the request, in place of the usual reply
        upstream.always(self._serve)

    @property
    def base(self):
        return f"http://127.0.0.1:{self.upstream.port}/backend-api/codex"

    @property
    def environment(self):
        return {"CODEX_REFRESH_TOKEN_URL_OVERRIDE": f"http://127.0.0.1:{self.upstream.port}/oauth/token"}

    def entry(self, alias="codex-light", model="codex-oauth/gpt-5.5", **params):
        return {"model_name": alias, "litellm_params": {"model": model, "api_base": self.base, **params}}

    def issue(self, name, **options):
        """A token that the backend accepts."""
        token = jwt(name, **options)
        self.accepted.add(token)
        return token

    def renew(self, request):
        """The usual reply of the token endpoint."""
        asked = request.json
        assert asked["grant_type"] == "refresh_token" and asked["client_id"].startswith("app_"), asked
        if asked["refresh_token"] != self.refresh:
            return error(400, "used before", code="refresh_token_reused")
        count = len(self.renewals)
        tokens = {"access_token": self.issue(f"renewed-{count}", lives_s=self.lives_s), "id_token": jwt(f"id-{count}")}
        if self.rotates:
            self.refresh = tokens["refresh_token"] = f"refresh-{count}"
        return reply(body={**tokens, "token_type": "Bearer"})

    def _serve(self, request):
        if request.path == "/oauth/token":
            self.renewals.append(request)
            return (self.token_reply or self.renew)(request)
        self.calls.append(request)
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.accepted:
            return error(401, "Your authentication token has been invalidated.", code="token_invalidated")
        fault = request_fault(request)
        if fault:
            return reply(400, body={"detail": fault})
        return self.replies.pop(0) if self.replies else responses.text_stream("Hello.")


def request_fault(request):
    """The reason why the backend would refuse the request; None if it would not."""
    body = request.json
    if request.path != "/backend-api/codex/responses":
        return f"no such path {request.path}"
    if request.headers.get("chatgpt-account-id") != ACCOUNT or not request.headers.get("originator"):
        return "Not a ChatGPT account"
    if body.get("store") is not False:
        return "Store must be set to false"
    if body.get("stream") is not True:
        return "Stream must be set to true"
    if not body.get("instructions"):
        return "Instructions are required"
    if not isinstance(body.get("input"), list):
        return "Input must be a list"
    if set(body) - FIELDS:
        return f"Unsupported parameter: {sorted(set(body) - FIELDS)}"
    if body.get("reasoning", {}).get("effort") == "minimal":
        return "Unsupported value: minimal"
    return _input_fault(body["input"])


def _input_fault(items):
    calls = set()
    for item in items:
        if "id" in item or item.get("type") == "item_reference":
            return "Items are not persisted when store is set to false"
        if item.get("role") == "system":
            return "System messages are not allowed"
        if item.get("type") == "function_call":
            calls.add(item["call_id"])
        if item.get("type") == "function_call_output" and item["call_id"] not in calls:
            return f"No tool call found for function call output with call_id {item['call_id']}"
    return None


def limited(plan="plus", resets_s=7200):
    """The refusal if the subscription is used up."""
    return reply(429, {"x-codex-primary-used-percent": "100", "x-codex-primary-window-minutes": "300",
                       "x-codex-primary-reset-after-seconds": str(resets_s)},
                 {"error": {"type": "usage_limit_reached", "message": "The usage limit has been reached",
                            "plan_type": plan}})


def with_limits(text, primary, secondary):
    """A streamed reply with the subscription's limits in its head."""
    head, *rest = responses.text_stream(text)
    fields = (f"x-codex-primary-used-percent: {primary}\r\nx-codex-primary-window-minutes: 300\r\n"
              f"x-codex-primary-reset-after-seconds: 60\r\nX-Codex-Secondary-Used-Percent: {secondary}\r\n")
    return [head[:-2] + fields.encode() + b"\r\n", *rest]


def cut(text):
    """A stream whose HTTP framing is complete, but without response.completed."""
    return stream(*responses.text_events(text))
