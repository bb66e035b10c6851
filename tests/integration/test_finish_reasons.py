"""Finish reasons: each provider's name for it, streamed and whole, for both APIs. A truncated answer is never
reported as whole."""
import pytest

import chat_wire as chat
import responses_wire as responses
from conftest import chat_only, deployment
from mock_upstream import reply, stream

PATHS = {"bridged": "/v1/responses", "chat": "/v1/chat/completions"}
BROKEN = {"abort": "server", "network_error": "server", "insufficient_system_resource": "overloaded", "error": "server",
          "function_call_filter: MALFORMED_FUNCTION_CALL": "malformed"}
FILTERED = ["sensitive", "SAFETY", "RECITATION", "content_filter: PROHIBITED_CONTENT"]
CUT = ["model_length", "model_context_window_exceeded", "MAX_TOKENS"]
EACH_PATH = pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
EACH_MANNER = pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])


def ask(proxy, path, streamed):
    body = {"model": "codex-light", "stream": streamed, "messages": [{"role": "user", "content": "hi"}], "input": "hi"}
    return proxy.post(path, body)


def ends(word, streamed, *pieces):
    return chat.text_stream(*pieces, finish=word) if streamed else chat.whole("".join(pieces), finish=word)


@pytest.fixture
def second(make_upstream):
    return make_upstream()


@EACH_PATH
@EACH_MANNER
@pytest.mark.parametrize("word, outcome", BROKEN.items())
def test_an_answer_interrupted_before_content(start_proxy, upstream, second, path, streamed, word, outcome):
    proxy = start_proxy(chat_only("codex-light", upstream, order=1), chat_only("codex-light", second, order=2))
    # Nothing of a whole reply was sent yet.
    upstream.script(ends(word, streamed, *([] if streamed else ["half an ans"])))
    second.script(ends("stop", streamed, "from the second"))
    got = ask(proxy, path, streamed)
    assert b"from the second" in got.body and b"half" not in got.body
    assert [attempt["outcome"] for attempt in proxy.journal()[0]["attempts"]] == [outcome, "ok"]


@EACH_PATH
@pytest.mark.parametrize("word", BROKEN)
def test_an_answer_interrupted_after_content(start_proxy, upstream, path, word):
    proxy = start_proxy(chat_only("codex-light", upstream))
    upstream.script(ends(word, True, "half an ans"))
    events = ask(proxy, path, True).events
    assert "[DONE]" not in [data for _, data in events] or path == "/v1/responses"
    last = [data for _, data in events if data != "[DONE]"][-1]
    fault = last["response"]["error"] if path == "/v1/responses" else last["error"]
    assert f'finish_reason "{word}"' in fault["message"]
    assert last.get("type", "response.failed") == "response.failed"
    assert proxy.journal()[0]["end"] == "failed"


@EACH_MANNER
@pytest.mark.parametrize("word", FILTERED)
def test_a_content_filter_by_any_name(bridged, upstream, word, streamed):
    upstream.script(ends(word, streamed, "half an ans"))
    got = ask(bridged, "/v1/responses", streamed)
    fault = got.events[-1][1]["response"]["error"] if streamed else got.error
    assert fault["code"] == "content_policy_violation" and word in fault["message"]


@EACH_MANNER
@pytest.mark.parametrize("word", CUT)
def test_a_token_limit_by_any_name(bridged, upstream, word, streamed):
    upstream.script(ends(word, streamed, "half an ans"))
    got = ask(bridged, "/v1/responses", streamed)
    response = got.events[-1][1]["response"] if streamed else got.json
    assert response["status"] == "incomplete"
    assert response["incomplete_details"] == {"reason": "max_output_tokens"}
    assert bridged.journal()[0]["end"] == "incomplete"


@EACH_PATH
def test_a_reason_in_its_own_chunk_and_repeated(start_proxy, upstream, path):
    proxy = start_proxy(chat_only("codex-light", upstream))
    upstream.script(stream(chat.delta("cut off"), chat.delta(finish="length"), chat.usage_chunk(),
                           chat.delta(finish="stop"), chat.DONE))
    assert ask(proxy, path, True).status == 200
    assert proxy.journal()[0]["end"] == "incomplete"


@pytest.mark.parametrize("kind", ["response.completed", "response.incomplete"])
def test_a_response_whose_status_is_worse_than_its_event(light, upstream, kind):
    last = responses.response("cut off", status="incomplete", incomplete_details={"reason": "max_output_tokens"})
    upstream.script(stream(*responses.text_events("cut off"), responses.named(kind, response=last)))
    assert ask(light, "/v1/responses", True).status == 200
    assert light.journal()[0]["end"] == "incomplete"


def test_a_whole_response_that_failed_goes_to_the_next_deployment(start_proxy, upstream, second):
    proxy = start_proxy(deployment("codex-light", upstream, order=1), deployment("codex-light", second, order=2))
    upstream.script(reply(body=responses.response("half", status="failed",
                                                  error={"code": "server_error", "message": "m"})))
    second.script(responses.whole("from the second"))
    assert b"from the second" in ask(proxy, "/v1/responses", False).body
