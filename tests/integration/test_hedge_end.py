"""The proxy exits while a request has two attempts in flight. A file of its own, because the exit waits five
seconds."""
import threading

import chat_wire as chat
from conftest import deployment
from mock_upstream import HANG, stream, stream_open


def test_the_proxy_exits_with_two_attempts_in_flight(start_proxy, upstream, make_upstream):
    """One has sent nothing yet, the other only its head."""
    second = make_upstream()
    free = {"input_cost_per_token": 0, "output_cost_per_token": 0}
    proxy = start_proxy(deployment("codex-light", upstream, order=1, **free),
                        deployment("codex-light", second, order=2, **free), router_settings={"hedge_after_ms": 30})
    upstream.script(stream_open(HANG))
    second.script(stream(chat.delta(role="assistant", content=""))[:-1] + [HANG])
    replies = []
    body = {"model": "codex-light", "messages": [{"role": "user", "content": "hi"}], "stream": True}
    caller = threading.Thread(target=lambda: replies.append(proxy.post("/v1/chat/completions", body)))
    caller.start()
    second.next_request()
    assert proxy.stop() == 0
    caller.join()
    assert replies[0].status == 503 and "stopping" in replies[0].error["message"]
    attempts = proxy.journal()[0]["attempts"]
    assert [(attempt["deployment"][-1], attempt["outcome"]) for attempt in attempts] == \
        [("2", "lost"), ("1", "overloaded")]
