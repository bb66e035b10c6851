"""The examples in doc/: the proxy accepts every configuration without a warning."""
import pathlib
import re
import subprocess

import pytest
from basics import BUILD
from mock_chatgpt import Login, jwt

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = BUILD / "proxy/pointsman-proxy"
ENVIRONMENT = {"LITELLM_API_KEY": "sk-local-1", "OPENAI_API_KEY": "sk-1", "GEMINI_API_KEY": "AIza1",
               "EXAMPLE_API_KEY": "ex-1", "GROQ_API_KEY": "gsk-1",
               "OUTGOING_PROXY": "http://user:password@proxy.example:3128"}
# Examples that show a part of a file get the aliases that they name.
PRICES = "{input_cost_per_token: 0, output_cost_per_token: 0}"
ALIASES = "model_list:\n" + "".join(
    f"  - {{model_name: {name}, litellm_params: {{model: ollama/{name}}}, model_info: {PRICES}}}\n"
    for name in ("codex-light", "codex-default", "codex-long", "codex-deep"))


def examples():
    for page in sorted((ROOT / "doc").rglob("*.md")):
        for number, match in enumerate(re.finditer(r"^```yaml\n(.*?)^```", page.read_text(), re.M | re.S), 1):
            yield pytest.param(match[1], id=f"{page.stem}-{number}")


@pytest.mark.parametrize("example", list(examples()))
def test_an_example_is_accepted(tmp_path, example):
    authority = tmp_path / "company-ca.pem"
    authority.write_bytes(pathlib.Path("/etc/ssl/certs/ca-certificates.crt").read_bytes())
    text = example.replace("/etc/ssl/company-ca.pem", str(authority))
    config = tmp_path / "config.yaml"
    config.write_text(text if "model_list:" in text else ALIASES + text)
    Login(tmp_path).write(jwt("access"))
    environment = {**ENVIRONMENT, "CODEX_HOME": str(tmp_path)}
    checked = subprocess.run([BINARY, "--check-config", config], env=environment, capture_output=True, text=True)
    assert checked.returncode == 0 and checked.stderr == "", checked.stderr
    assert "not ready" not in checked.stdout
