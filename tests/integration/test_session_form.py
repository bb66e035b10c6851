"""The start form: a field for each variable that the configuration in force names, and which configuration that is."""
import html.parser
import re
import urllib.parse

import pytest
from basics import BUILD
from session_tools import Session, own_config

OWN = """\
model_list:
- {model_name: a, litellm_params: {model: groq/m, api_key: os.environ/GROQ_API_KEY}}
- {model_name: b, litellm_params: {model: openrouter/x/y}}
- {model_name: c, litellm_params: {model: gemini/m}, model_info: {requires_env: USE_C}}
- {model_name: d, litellm_params: {model: openai_like/<m>, api_base: os.environ/D_BASE, api_key: os.environ/D_WORD}}
- {model_name: e, litellm_params: {model: lm_studio/m}}
router_settings: {timeout: os.environ/SECONDS}
"""


class Form(html.parser.HTMLParser):
    """The inputs of the form of that id by name, with their label and whether they are hidden; its texts."""
    def __init__(self, text, name="start"):
        super().__init__()
        self.wanted, self.inside, self.inputs, self.labels, self.label, self.hidden = name, False, {}, {}, None, 0
        self.folded, self.text = False, ""
        self.feed(text)
        for field in self.inputs.values():
            field["label"] = " ".join(self.labels.get(field.get("id"), "").split())

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.inside |= tag == "form" and attributes.get("id") == self.wanted
        if tag == "div" and self.inside:
            self.hidden += 1 if self.hidden or "hidden" in attributes else 0
        if tag == "details":
            self.folded = True
        if tag == "label":
            self.label = attributes["for"]
        if tag == "input" and self.inside:
            assert attributes["name"] not in self.inputs, "a field twice"
            self.inputs[attributes["name"]] = {**attributes, "shown": not self.hidden, "folded": self.folded}

    def handle_data(self, data):
        if self.inside:
            self.text += data
        if self.label:
            self.labels[self.label] = self.labels.get(self.label, "") + data

    def handle_endtag(self, tag):
        self.inside &= tag != "form"
        self.hidden -= tag == "div" and self.hidden > 0
        self.folded &= tag != "details"
        if tag == "label":
            self.label = None


def shown(form):
    return [name for name, field in form.inputs.items() if field["shown"] and field["type"] != "hidden"]


@pytest.fixture
def session(folder):
    session = Session(folder)
    session.config.write_text(OWN)
    yield session
    session.close()


def page(session):
    return session.request("GET", "/").text


def config_section(session):
    return " ".join(re.sub(r"<[^>]*>", "", page(session).split('id="config"')[1].split("</section>")[0]).split())


def submit(session, **fields):
    """Sends the form as a browser without JavaScript does: with all fields that are not boxes."""
    empty = {name: "" for name, field in Form(page(session)).inputs.items() if field["type"] in ("text", "password")}
    body = urllib.parse.urlencode({**empty, "token": session.token, **fields})
    return session.request("POST", "/start", body, {"Content-Type": "application/x-www-form-urlencoded"})


def test_a_field_for_each_variable_and_none_that_nothing_uses(session):
    form = Form(page(session))
    assert shown(form) == ["GEMINI_API_KEY", "LM_STUDIO_API_KEY", "GROQ_API_KEY", "OPENROUTER_API_KEY", "D_BASE",
                           "D_WORD", "USE_C", "DEMO", "risk_router", "SECONDS"]
    of = form.inputs
    assert of["GROQ_API_KEY"]["label"] == "Groq API key GROQ_API_KEY" and of["GROQ_API_KEY"]["type"] == "password"
    assert of["GROQ_API_KEY"]["placeholder"] == "gsk_…" and "console.groq.com/keys" in form.text
    assert of["LM_STUDIO_API_KEY"]["label"] == "LM Studio API key LM_STUDIO_API_KEY optional"
    assert (of["D_BASE"]["label"], of["D_BASE"]["type"], of["D_WORD"]["type"]) == ("D_BASE", "text", "password")
    assert "For openai_like/<m>" in form.text and "<m>" not in page(session)
    assert of["USE_C"]["type"] == "checkbox"
    assert [name for name in of if of[name]["folded"]] == ["SECONDS"]


def test_the_shipped_configuration_asks_for_its_keys(session):
    own_config(session.folder).rename(session.config)
    form = Form(page(session))
    assert shown(form) == ["OPENAI_API_KEY", "GEMINI_API_KEY", "HF_TOKEN", "USE_LOCAL_QWEN",
                           "LITELLM_ENABLE_CODEX_AGENT", "CODEX_AGENT_API_BASE", "CODEX_AGENT_API_KEY", "DEMO",
                           "risk_router"]
    assert form.inputs["HF_TOKEN"]["label"] == "Hugging Face token HF_TOKEN"
    assert "qwen2.5-coder:3b" in form.text


def test_what_is_entered_reaches_the_proxy(session):
    assert submit(session, GROQ_API_KEY="gsk_canary1", USE_C="1", SECONDS="60").status == 303
    environment = session.seen()["environment"]
    assert environment.items() >= {"GROQ_API_KEY": "gsk_canary1", "USE_C": "1", "SECONDS": "60"}.items()
    assert "OPENROUTER_API_KEY" not in environment and "gsk_canary1" not in page(session)


@pytest.mark.parametrize("fields, field, message", [
    ({"GROQ_API_KEY": "sk-or-v1-canary"}, "GROQ_API_KEY", "a key of OpenRouter. Put it into OPENROUTER_API_KEY."),
    ({"GROQ_API_KEY": "gsk_1", "SECONDS": "canary\n1"}, "SECONDS", "contains a line break"),
    ({"LM_STUDIO_API_KEY": ""}, None, "One of these is needed: GROQ_API_KEY, OPENROUTER_API_KEY, USE_C,")])
def test_a_refusal_marks_its_field(session, fields, field, message):
    answer = submit(session, **fields)
    assert answer.status == 400 and message in answer.text and "canary" not in answer.text
    invalid = [name for name, attributes in Form(answer.text).inputs.items() if "aria-invalid" in attributes]
    assert invalid == ([field] if field else [])
    assert ("<details open><summary>Other" in answer.text) == (field == "SECONDS")


def test_a_token_of_hugging_face_is_enough_for_its_models(session):
    session.config.write_text("model_list:\n- {model_name: a, litellm_params: {model: huggingface/m}}\n"
                              "- {model_name: b, litellm_params: {model: groq/m}}\n")
    assert submit(session, HF_TOKEN="hf_1").status == 303


def test_a_variable_cannot_take_the_place_of_an_option(session):
    session.config.write_text("model_list:\n" + "".join(
        f"- {{model_name: m, litellm_params: {{model: groq/m, api_key: 'os.environ/{name}'}}}}\n"
        for name in ("token", "host", "DEMO", '"><b>')))
    form = Form(page(session))   # which fails for a name that is there twice
    assert shown(form) == ['"><b>', "DEMO", "risk_router"] and form.inputs["token"]["type"] == "hidden"


def test_as_many_fields_as_a_configuration_can_name(session):
    session.config.write_text("model_list:\n" + "".join(
        f"- {{model_name: m{i}, litellm_params: {{model: groq/m, api_key: os.environ/KEY_{i}}}}}\n" for i in range(64)))
    values = {f"KEY_{i}": f"gsk_{i}" for i in range(64)}
    assert submit(session, **values, risk_router="1", DEMO="1").status == 303
    assert session.seen()["environment"].items() >= values.items()


def test_an_error_of_the_configuration_is_shown(session):
    session.config.write_text("model_list:\n- {model_name: <b>}\n")
    text = page(session)
    assert f"{session.config}:2: litellm_params.model is missing" in text and 'id="start"' in text
    session.config.unlink()
    assert "No such file or directory" in config_section(session)


@pytest.mark.parametrize("where, origin, text", [
    ("given.yaml", "given", "Named by --config"),
    ("pointsman/litellm-cost-routing.yaml", "own", "Your own, found in"),
    (BUILD / "share" / "litellm-cost-routing.yaml", "shipped", "comes with pointsman. Your own goes to ")])
def test_which_configuration_is_in_force_and_why(folder, where, origin, text):
    path = folder / where   # a whole path replaces the folder's
    if origin != "shipped":
        own_config(path.parent).rename(path)
    session = Session(folder, config=path)
    try:
        assert session.status()["config_from"] == origin
        assert str(path) in config_section(session) and text in config_section(session)
        if origin == "shipped":
            assert str(folder / "pointsman" / "litellm-cost-routing.yaml") in config_section(session)
    finally:
        session.close()


def start_by_script(session, **fields):
    assert session.start(**fields).status == 200
    return {variable["name"]: variable["from"] for variable in session.status()["variables"]}


def test_where_each_variable_came_from(session):
    assert start_by_script(session, GROQ_API_KEY="gsk_1", USE_C=True, DEMO=True) == {
        "GROQ_API_KEY": "script", "USE_C": "script"}
    assert "GROQ_API_KEY sent by a script" in config_section(session)
    session.stop()
    assert session.status()["variables"] == [] and "GROQ_API_KEY sent" not in config_section(session)
    sources = "USE_C:,USE_C:nonsense,GROQ_API_KEY:environment,D_WORD:prompt,GROQ_API_KEY:prompt,,:,LD_PRELOAD:option"
    assert start_by_script(session, GROQ_API_KEY="gsk_1", D_WORD="w", USE_C=True, HF_TOKEN="hf_1", sources=sources) == {
        "HF_TOKEN": "script", "GROQ_API_KEY": "environment", "D_WORD": "prompt", "USE_C": "script"}
    assert "sources" not in session.seen()["environment"]
    assert "D_WORD typed at the prompt of the pointsman command" in config_section(session)
    session.stop()
    assert submit(session, GROQ_API_KEY="gsk_canary").status == 303
    assert "GROQ_API_KEY entered on this page" in config_section(session) and "canary" not in config_section(session)
    session.stop()
    answer = session.api("/api/start", {"GROQ_API_KEY": "gsk_1"}, Origin=f"http://127.0.0.1:{session.port}")
    assert answer.json["variables"] == [{"name": "GROQ_API_KEY", "from": "page"}]


def test_warnings_of_the_configuration(session):
    session.config.write_text(OWN + "surprise: <b>\n")
    assert "Warnings Line 8: " in config_section(session) and "surprise" in config_section(session)
    assert "SECONDS is not set; using the default" in config_section(session)
    assert "GROQ_API_KEY is not set" not in config_section(session), "that is what the form is for"
    assert session.status()["config_warnings"] == []
    session.start(GROQ_API_KEY="gsk_1", SECONDS="60")
    warnings = session.status()["config_warnings"]
    assert len(warnings) == 1 and warnings[0].startswith(f"{session.config}:8: ")
    session.config.write_text(OWN)   # the proxy runs with what it read
    assert "Line 8: " in config_section(session) and "SECONDS is not set" not in config_section(session)
    session.stop()
    assert "Line 8: " not in config_section(session)
    session.start(GROQ_API_KEY="gsk_1", SECONDS="60")
    assert "Warnings" not in config_section(session)
