"""Administration of virtual keys as scripts for LiteLLM do it: their request bodies, and the fields that they read."""
import datetime
import json
import subprocess
import urllib.parse

import openai
import pytest

import chat_wire as chat
from conftest import deployment
from proxy_process import MASTER_KEY

MESSAGES = [{"role": "user", "content": "hi"}]
USAGE = {"prompt_tokens": 11, "completion_tokens": 500, "total_tokens": 511}


@pytest.fixture
def proxy(start_proxy, upstream, folder):
    upstream.always(lambda request: chat.whole("fine", usage=USAGE))
    return start_proxy(deployment("codex-light", upstream, input_cost_per_token=0, output_cost_per_token=0.001),
                       general_settings={"key_store": str(folder / "keys.db")})


def curl(proxy, path, body=None, header=f"Authorization: Bearer {MASTER_KEY}", *more):
    """With the form's content type, which curl sends with --data if a script names no other."""
    data = [] if body is None else ["--data-raw", body if isinstance(body, str) else json.dumps(body)]
    done = subprocess.run(["curl", "-sS", "--location", f"http://127.0.0.1:{proxy.port}{path}", "--header", header,
                           *data, *more], capture_output=True, text=True, timeout=20, check=True)
    return json.loads(done.stdout)


def sdk(proxy, key):
    return openai.OpenAI(base_url=proxy.base, api_key=key, max_retries=2, timeout=20)


def test_curl_and_jq(proxy):
    key = curl(proxy, "/key/generate", '{"max_budget": 0.6}')["key"]
    assert curl(proxy, "/v1/models", None, f"x-api-key: {key}")["data"][0]["id"] == "codex-light"
    info = curl(proxy, f"/key/info?key={urllib.parse.quote(key, safe='')}")["info"]
    assert info["spend"] == 0 and info["max_budget"] == 0.6 and info["models"] == [] and info["metadata"] == {}
    assert curl(proxy, "/key/delete", {"keys": [key]}) == {"deleted_keys": [key]}
    assert curl(proxy, f"/key/info?key={key}")["error"]["code"] == "404"


def test_a_portal_that_makes_users_teams_and_keys(proxy):
    """Users, teams and keys with fields of newer versions; the portal finds its keys again by alias and metadata."""
    user = curl(proxy, "/user/new", {"user_id": "jsmith", "user_email": "j@example.com", "user_role": "internal_user",
                                     "models": ["codex-light"], "max_budget": 3, "duration": "20m"})
    expires = datetime.datetime.fromisoformat(user["expires"].replace("Z", "+00:00"))
    assert expires > datetime.datetime.now(datetime.timezone.utc) and user["max_budget"] == 3
    assert curl(proxy, "/key/delete", {"keys": [user["key"]]})["deleted_keys"]
    team = curl(proxy, "/team/new", {"team_alias": "backend", "rpm_limit": 99,
                                     "members_with_roles": [{"role": "admin", "user_id": "boss"}]})["team_id"]
    joined = curl(proxy, "/team/member_add", {"team_id": team, "member": {"role": "user", "user_id": "jsmith"}})
    assert {member["user_id"] for member in joined["members_with_roles"]} == {"boss", "jsmith"}
    made = curl(proxy, "/key/generate", {
        "user_id": "jsmith", "team_id": team, "key_alias": "jsmith-key", "access_group_ids": [], "config": {},
        "metadata": {"email": "j@example.com", "source": "portal"}, "max_parallel_requests": 1})
    found, = curl(proxy, "/key/list?user_id=jsmith&return_full_object=true&size=100")["keys"]
    assert found["token"] == made["token"] and found["key_alias"] == "jsmith-key"
    assert found["metadata"]["source"] == "portal" and found["team_id"] == team
    with sdk(proxy, made["key"]) as client:
        assert client.chat.completions.create(model="codex-light", messages=MESSAGES).choices[0].message.content
    assert curl(proxy, f"/team/info?team_id={team}")["team_info"]["spend"] == 0.5
    assert [row["user"] for row in curl(proxy, "/spend/logs?user_id=jsmith")] == ["jsmith"]
    assert curl(proxy, "/spend/logs?user_id=boss") == []


def test_a_budget_that_keys_share(proxy):
    assert curl(proxy, "/budget/new", {"budget_id": "pool", "max_budget": 0.6})["budget_id"] == "pool"
    keys = [curl(proxy, "/key/generate", {"budget_id": "pool", "metadata": {}, "duration": "1h"})["key"]
            for _ in range(2)]
    with sdk(proxy, keys[0]) as one, sdk(proxy, keys[1]) as other:
        one.chat.completions.create(model="codex-light", messages=MESSAGES)
        with pytest.raises(openai.BadRequestError, match="pool") as refused:
            other.chat.completions.create(model="codex-light", messages=MESSAGES)
    assert refused.value.body["type"] == "budget_exceeded"


def test_openais_library_with_a_key(proxy, upstream):
    """What is refused is an exception that the library does not retry; what may be retried is."""
    with sdk(proxy, curl(proxy, "/key/generate", {"max_budget": 0.6})["key"]) as client:
        assert [model.id for model in client.models.list()] == ["codex-light"]
        client.chat.completions.create(model="codex-light", messages=MESSAGES)
        with pytest.raises(openai.BadRequestError):
            client.chat.completions.create(model="codex-light", messages=MESSAGES)
    assert len(upstream.requests) == 1
    with sdk(proxy, "sk-nobody-has-this-key") as client, pytest.raises(openai.AuthenticationError):
        client.models.list()


def test_a_body_that_would_stop_the_keeper(proxy):
    """Any key may send a body to /key/health: what is expensive to read is refused before."""
    key = curl(proxy, "/key/generate", {})["key"]
    body = "{" + ",".join(f'"m{i}":0' for i in range(5000)) + "}"
    answer = proxy.request("POST", "/key/health", body.encode(), key=key)
    assert answer.status == 400 and "1000 members" in answer.error["message"]
    assert proxy.request("POST", "/key/health", b"{}", key=key).status == 200
