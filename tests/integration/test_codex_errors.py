"""What the real Codex CLI does after each failure: what it shows, and how often it retries."""
import pytest

import chat_wire as chat
import codex_cli
import responses_wire as responses
from conftest import chat_only, deployment
from mock_upstream import CLOSE, error, stream, stream_open
from proxy_process import MASTER_KEY

ANSWER = "Final answer."
NO_RETRIES = ["-c", "model_providers.litellm.request_max_retries=0", "-c",
              "model_providers.litellm.stream_max_retries=0"]
OVERFLOW = "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens."

pytestmark = pytest.mark.skipif(not codex_cli.binary(), reason="no Codex CLI: ./check installs it")


@pytest.fixture(params=[(chat_only, chat), (deployment, responses)], ids=["bridged", "native"])
def proxy(request, start_proxy, upstream):
    entry, wire = request.param
    made = start_proxy(entry("codex-light", upstream))
    made.answer = wire.text_stream(ANSWER)
    return made


def codex(proxy, folder, arguments=()):
    return codex_cli.run(folder, proxy.base, MASTER_KEY, "hi", arguments=arguments)


@pytest.mark.parametrize("failure, shown", [
    (error(401, "Incorrect API key provided"), "Incorrect API key provided"),
    (error(403, "Country not supported"), "Country not supported"),
    (error(404, "The model `mock-model` does not exist"), "does not exist"),
    (error(400, "max_tokens is too large", code="invalid_value"), "max_tokens is too large"),
    (error(422, "tools[3].type: unknown"), "tools[3].type: unknown"),
    (error(402, "Insufficient credits"), "uota"),
    (error(429, "You exceeded your current quota", code="insufficient_quota"), "uota"),
    (error(400, OVERFLOW, code="context_length_exceeded"), "ran out of room"),
    (error(400, OVERFLOW), "ran out of room"),
    (error(400, "Your prompt was flagged", code="content_policy_violation"), "flagged"),
], ids=lambda value: None if isinstance(value, list) else value[:20])
def test_an_error_that_only_the_user_can_fix_is_shown_at_once(proxy, folder, upstream, failure, shown):
    upstream.always(failure)
    done = codex(proxy, folder)
    assert done.code != 0 and shown in done.err, done
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("failure", [error(500, "internal oops"), error(503, "busy oops"), error(529, "load oops"),
                                     error(408, "late oops")], ids=["500", "503", "529", "408"])
def test_a_temporary_failure_is_shown_in_the_end(proxy, folder, upstream, failure):
    """With its message, which Codex would hide for a 500."""
    upstream.always(failure)
    done = codex(proxy, folder, NO_RETRIES)
    assert done.code != 0 and "oops" in done.err and "high demand" not in done.err, done


@pytest.mark.parametrize("failure", [error(429, "slow down", headers={"Retry-After": "1"}),
                                     error(429, "slow down", headers={"Retry-After": "0.4"}), error(503), error(500)],
                         ids=["429", "429 of 0.4 s", "503", "500"])
def test_a_temporary_failure_is_waited_for(proxy, folder, upstream, failure):
    upstream.script(failure, proxy.answer)
    done = codex(proxy, folder)
    assert done.code == 0 and ANSWER in done.out, done
    assert len(upstream.requests) == 2


def test_an_unreachable_upstream_is_named(start_proxy, folder):
    proxy = start_proxy(chat_only("codex-light", "http://127.0.0.1:9/v1"))
    done = codex(proxy, folder, NO_RETRIES)
    assert done.code != 0 and "127.0.0.1:9" in done.err, done


def test_a_content_filter_after_content_is_final(start_proxy, folder, upstream):
    """Codex would retry after response.incomplete, five times."""
    proxy = start_proxy(chat_only("codex-light", upstream))
    upstream.always(chat.text_stream("I will now ", finish="content_filter"))
    done = codex(proxy, folder)
    assert done.code != 0 and "content filter" in done.err, done
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("answer", [stream_open(chat.delta("Half an "), CLOSE),
                                    stream(chat.delta("Half an "), {"error": {"message": "oops", "code": 500}})],
                         ids=["cut", "error event"])
def test_a_truncated_answer_is_not_accepted_as_whole(start_proxy, folder, upstream, answer):
    proxy = start_proxy(chat_only("codex-light", upstream))
    upstream.always(answer)
    done = codex(proxy, folder, NO_RETRIES)
    assert done.code != 0, done


def test_an_invalid_key_is_reported(proxy, folder, upstream):
    done = codex_cli.run(folder, proxy.base, "wrong", "hi", arguments=NO_RETRIES)
    assert done.code != 0 and "valid master key" in done.err, done
    assert upstream.requests == []
