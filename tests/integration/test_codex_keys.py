"""The real Codex with a virtual key."""
import pytest

import codex_cli
import responses_wire as responses
from conftest import deployment
from proxy_process import MASTER_KEY

pytestmark = pytest.mark.skipif(not codex_cli.binary(), reason="no Codex CLI: ./check installs it")


@pytest.fixture
def proxy(start_proxy, upstream, folder):
    upstream.always(lambda request: responses.text_stream("Hello."))
    return start_proxy(deployment("codex-light", upstream, input_cost_per_token=0.001, output_cost_per_token=0.001),
                       general_settings={"key_store": str(folder / "keys.db")})


def test_it_works_until_its_budget_is_used_up(proxy, upstream, folder):
    """A key without budget is refused once: Codex does not try again, and shows why."""
    key = proxy.post("/key/generate", {"key_alias": "agent-7", "models": ["codex-light"]}).json["key"]
    done = codex_cli.run(folder, proxy.base, key, "Say hello.")
    assert done.code == 0 and "Hello." in done.out, done
    calls = len(upstream.requests)
    assert proxy.post("/key/update", {"key": key, "max_budget": 0.000001}).status == 200
    lines = len(proxy.journal())
    done = codex_cli.run(folder, proxy.base, key, "Say hello.")
    assert done.code != 0 and "Budget has been exceeded" in done.out + done.err, done
    assert len(upstream.requests) == calls and len(proxy.journal()) == lines + 1
    assert proxy.get(f"/key/info?key={key}", key=MASTER_KEY).json["info"]["held"] == 0
