"""A user at the page, in a real Chromium, with JavaScript and without."""
import csv
import io
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

import pytest

from basics import BUILD, free_port, is_alive, wait_until
from session_tools import KEYS, Session, own_config

CHROMIUM, DRIVER = shutil.which("chromium") or shutil.which("chromium-browser"), shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="no Chromium: apt-get install chromium-driver")

# Without Chromium's sandbox: with it, Chromium does not start as root or in a container. The pages are our own.
ARGUMENTS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--no-default-browser-check", "--disable-background-networking", "--disable-component-update",
             "--disable-sync", "--disable-dev-shm-usage")


@pytest.fixture
def session():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="pm-", dir="/tmp"))
    session = Session(folder, config=own_config(folder))
    yield session
    session.close()
    shutil.rmtree(folder)


@pytest.fixture(params=["javascript", "no javascript"])
def script(request):
    return request.param == "javascript"


@pytest.fixture
def browser(script):
    from selenium import webdriver
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for argument in ARGUMENTS:
        options.add_argument(argument)
    if not script:
        options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
    with tempfile.TemporaryDirectory(prefix="pm-chromium-", dir="/tmp", ignore_cleanup_errors=True) as profile:
        options.add_argument(f"--user-data-dir={profile}")
        home = {**os.environ, "HOME": profile, "XDG_CONFIG_HOME": profile, "XDG_CACHE_HOME": profile}
        browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER, port=free_port(), env=home))
        browser.set_page_load_timeout(30)
        yield browser
        browser.quit()


class Page:
    def __init__(self, browser, session):
        self.browser, self.session = browser, session
        self.open()

    def open(self):
        self.open_path("/")

    def open_path(self, path):
        self.browser.get(f"http://127.0.0.1:{self.session.port}{path}")

    def find(self, css):
        return self.browser.find_element("css selector", css)

    def field(self, name):
        return self.find(f'#start [name="{name}"]')

    def state(self):
        return self.find("body").get_attribute("data-state")

    def wait(self, condition, what):
        """Waits until the condition is true. Between two pages, its elements may be missing."""
        from selenium.common.exceptions import WebDriverException

        def holds():
            try:
                return condition()
            except WebDriverException:
                return False
        wait_until(holds, what)

    def wait_state(self, state):
        self.wait(lambda: self.state() == state, f"the state {state}")

    def wait_message(self, text):
        self.wait(lambda: text in self.find("#message").text, f"the message {text}")

    def press(self, form):
        self.find(f"#{form} button").click()


@pytest.fixture
def page(browser, session):
    return Page(browser, session)


def test_start_use_and_stop(page, session):
    assert page.find("#setup").is_displayed() and not page.find("#running").is_displayed()
    page.field("OPENAI_API_KEY").send_keys(KEYS["OPENAI_API_KEY"])
    page.field("HF_TOKEN").send_keys(KEYS["HF_TOKEN"])
    page.find("#qwen").click()
    page.press("start")
    page.wait_state("running")
    environment = session.seen()["environment"]
    assert environment["OPENAI_API_KEY"] == KEYS["OPENAI_API_KEY"] and environment["USE_LOCAL_QWEN"] == "1"
    assert environment["HF_TOKEN"] == environment["HUGGINGFACE_API_KEY"] == KEYS["HF_TOKEN"]
    assert "GEMINI_API_KEY" not in environment and "POINTSMAN_DEMO" not in environment
    assert page.find("#running").is_displayed() and not page.find("#setup").is_displayed()
    shown = page.find("#running").text
    assert f"http://127.0.0.1:{session.proxy_port}/v1" in shown and str(session.key_file) in shown
    assert f"{BUILD / 'cli' / 'pointsman'} codex --provider proxy" in shown
    assert "codex-light" in shown and "1 model is not ready: HF_TOKEN is not set <b>&amp" in shown
    assert page.find("#pid").text == str(session.status()["pid"])
    for secret in (*KEYS.values(), session.key_file.read_text()):
        assert secret not in page.browser.page_source
    pid = session.status()["pid"]
    page.press("stop")
    page.wait_state("stopped")
    assert not is_alive(pid) and not session.key_file.exists()
    assert page.field("OPENAI_API_KEY").get_attribute("value") == ""


def find_faults(page):
    """What axe-core (Deque's accessibility checker) finds, with all tables open; only with JavaScript."""
    page.browser.execute_script("for (const details of document.querySelectorAll('details')) details.open = true;")
    source = pathlib.Path(os.environ["POINTSMAN_CODEX"], "node_modules", "axe-core", "axe.min.js").read_text()
    page.browser.execute_script(source)
    found = page.browser.execute_async_script("axe.run().then(arguments[0])")
    return [(fault["id"], [node["target"] for node in fault["nodes"]]) for fault in found["violations"]]


def use_theme(page, theme):
    page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia",
                                 {"features": [{"name": "prefers-color-scheme", "value": theme}]})


def write_log(session, count, first=0):
    logs = session.folder / "codex" / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    at = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
    with open(logs / "requests.jsonl", "a") as log:
        for number in range(first, first + count):
            log.write(json.dumps({
                "timestamp": at, "request_id": f"r{number}", "alias": "codex-default", "deployment": "d",
                "provider": "openai", "model": f"model-{number % 3}", "conversation": "5d2f0c8a91e4b376",
                "turn": number + 1, "segments": {"instructions": 50, "history": 10 * number}, "stream": True,
                "attempts": [{"deployment": "d", "outcome": "ok", "status": 200, "ms": 300}], "ttft_ms": 500,
                "total_ms": 1500, "tokens": {"input": 1000, "cached": 400, "output": 100}, "cost_usd": 0.002,
                "baseline_usd": 0.01, "status": 200, "end": "completed"}) + "\n")


def tile(page, name):
    return page.find(f'#tiles [data-name="{name}"] strong').get_attribute("data-value")


def test_the_figures(page, session, script):
    write_log(session, 30)
    page.find('nav a[href="/usage"]').click()
    page.wait(lambda: tile(page, "Requests") == "30", "the figures")
    assert float(tile(page, "Cost")) == pytest.approx(0.06) and float(tile(page, "Tokens in")) == 30000
    assert page.find("#groups").is_displayed() and page.find("#costs").is_displayed() != script
    if not script:
        return
    page.wait(lambda: page.find("#today").text == "$0.0600", "the cost of today in the head")
    page.wait(lambda: page.find("#state").text == "Stopped", "the state in the head")
    assert len(page.browser.find_elements("css selector", "figure.chart svg")) >= 7
    assert len(page.browser.find_elements("css selector", "#costs")) == 1
    page.find("section summary").click()
    assert page.find("#costs").is_displayed()
    write_log(session, 5, first=30)
    page.wait(lambda: tile(page, "Requests") == "35", "the view to follow the log")
    assert page.find("#costs").is_displayed(), "the table was closed"
    for theme in ("light", "dark"):
        use_theme(page, theme)
        assert not find_faults(page), theme
    page.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                 {"width": 360, "height": 800, "deviceScaleFactor": 1, "mobile": False})
    assert page.browser.execute_script("return document.documentElement.scrollWidth") <= 360
    page.open_path("/usage/conversation?id=5d2f0c8a91e4b376")
    page.wait(lambda: page.find("figure.chart svg").is_displayed(), "the turns")
    assert len(page.browser.find_elements("css selector", 'rect[fill="url(#reused)"]')) == 35
    page.browser.execute_cdp_cmd("Browser.setDownloadBehavior",
                                 {"behavior": "allow", "downloadPath": str(session.folder)})
    assert not find_faults(page)
    page.find("button.csv").click()
    csv_file = session.folder / "pointsman-turns.csv"
    page.wait(csv_file.exists, "the CSV")
    saved = list(csv.DictReader(io.StringIO(csv_file.read_text())))
    assert len(saved) == 35 and saved[3]["Cost"] == "0.002" and saved[3]["tools"] == ""
    assert not [entry for entry in page.browser.get_log("browser") if entry["level"] in ("WARNING", "SEVERE")]


def test_the_figures_are_those_of_the_log_and_of_the_command(page, session):
    """With two writers, after a rotation, with torn and foreign lines, after a restart of the page."""
    log = session.folder / "codex" / "logs" / "requests.jsonl"
    write_log(session, 7)
    with open(log, "a") as other:
        other.write('{"torn\n{"foreign":1}\n')
        write_log(session, 3, first=7)
        log.rename(log.with_name("requests.jsonl.1"))
        write_log(session, 2, first=10)
        other.write(log.read_text())   # a second proxy, which has not noticed the rotation
    session.close()
    again = Session(session.folder)
    try:
        page.session = again
        page.open_path("/usage")
        command = json.loads(subprocess.run([BUILD / "cli" / "pointsman", "usage", "--json"], env=again.environment,
                                            capture_output=True, check=True).stdout)["total"]
        lines = (log.with_name("requests.jsonl.1").read_text() + log.read_text()).splitlines()
        logged = [json.loads(line) for line in lines if '"cost_usd"' in line]
        for name, member, of_line in (("Requests", "requests", lambda _: 1),
                                      ("Cost", "cost_usd", lambda l: l["cost_usd"]),
                                      ("Tokens in", "input_tokens", lambda l: l["tokens"]["input"]),
                                      ("Tokens cached", "cached_tokens", lambda l: l["tokens"]["cached"])):
            exact = pytest.approx(sum(map(of_line, logged)))
            assert float(tile(page, name)) == exact and command[member] == exact, name
        assert tile(page, "Requests") == "14" and "Skipped lines of the log: incomplete 1, not a request 1" in \
            page.find("#notes").text
    finally:
        again.close()


def test_the_filter(page, session):
    """The form keeps it, and the figures follow it."""
    write_log(session, 7)
    page.open_path("/usage")
    assert not page.find("#filter select").is_displayed() and tile(page, "Requests") == "7"
    page.find("#filter summary").click()
    page.find('#filter option[value="cached"]').click()
    page.find("#range button").click()
    page.wait(lambda: "outcome cached" in page.find("#filtered").text, "the filter")
    assert page.find("#filter select").is_displayed() and "passes the filter" in page.find("#nothing").text
    page.find("#filtered a").click()
    page.wait(lambda: tile(page, "Requests") == "7", "all requests")


def test_an_empty_view_says_what_to_do(page, session):
    page.open_path("/usage")
    assert "Start the proxy" in page.find("#notes").text and not page.find("#tiles").is_displayed()
    page.find('#notes a[href="/"]').click()
    page.wait(lambda: page.find("#start").is_displayed(), "the form")


def test_codex_agent_shows_its_fields_when_it_is_chosen(page, session):
    assert not page.find("#agent-base").is_displayed() and not page.find("#agent-key").is_displayed()
    page.find("#agent").click()
    assert page.find("#agent-base").is_displayed()
    page.find("#agent-base").send_keys("http://far.example")
    page.press("start")
    page.wait_message("Use https://")
    assert page.find("#agent-base").is_displayed()
    assert page.find("#agent-base").get_attribute("aria-invalid") == "true"
    page.find("#agent-base").clear()
    page.find("#agent-base").send_keys("http://127.0.0.1:8788")
    page.find("#agent-key").send_keys("agent-canary-0123456789")
    page.press("start")
    page.wait_state("running")
    environment = session.seen()["environment"]
    assert environment["LITELLM_ENABLE_CODEX_AGENT"] == "1"
    assert environment["CODEX_AGENT_API_BASE"] == "http://127.0.0.1:8788"
    assert environment["CODEX_AGENT_API_KEY"] == "agent-canary-0123456789"
    assert "agent-canary-0123456789" not in page.browser.page_source


def test_the_chatgpt_login_is_offered_if_there_is_one(page, session):
    assert not page.find("#login").is_displayed()
    login = session.folder / "codex" / "auth.json"
    login.parent.mkdir()
    login.write_text("{}")
    page.open()
    assert str(login) in page.find("#login-hint").text
    page.find("#login").click()
    page.press("start")
    page.wait_state("running")
    assert session.seen()["environment"]["USE_CHATGPT_LOGIN"] == "1"


def test_a_key_in_the_wrong_field_is_reported(page, session):
    page.field("OPENAI_API_KEY").send_keys(KEYS["GEMINI_API_KEY"])
    page.press("start")
    page.wait_message("that is a key of Gemini")
    assert page.field("OPENAI_API_KEY").get_attribute("aria-invalid") == "true"
    assert session.status()["state"] == "stopped"
    assert KEYS["GEMINI_API_KEY"] not in page.browser.page_source


def test_a_proxy_that_exits_at_once_shows_its_error(page, session):
    session.behave({"say": ["proxy.yaml:7: model_list is missing"], "exit": 1})
    page.find("#demo").click()
    page.press("start")
    page.wait_state("died")
    page.wait_message("proxy.yaml:7: model_list is missing")
    session.behave({})
    page.find("#demo").get_attribute("checked") or page.find("#demo").click()
    page.press("start")
    page.wait_state("running")
    assert not page.find("#message").is_displayed()


def test_the_form_of_an_own_configuration(page, session, script):
    session.config.write_text("model_list:\n- {model_name: a, litellm_params: {model: openrouter/x/y}}\n"
                              "router_settings: {timeout: os.environ/SECONDS}\n")
    page.open()
    assert not page.browser.find_elements("css selector", '[name="OPENAI_API_KEY"]')
    page.field("OPENROUTER_API_KEY").send_keys("sk-ant-canary")
    page.press("start")
    page.wait_message("that is a key of Anthropic")
    assert page.field("OPENROUTER_API_KEY").get_attribute("aria-invalid") == "true"
    if script:
        for theme in ("light", "dark"):
            use_theme(page, theme)
            assert not find_faults(page), theme
        page.open()
        page.browser.execute_script("""document.querySelector('[name="SECONDS"]').value = 'x'.repeat(1100)""")
        page.press("start")
        page.wait_message("SECONDS is longer")
        page.wait(lambda: page.field("SECONDS").is_displayed(), "the folded field to open")
        page.open()
    page.field("OPENROUTER_API_KEY").clear()
    page.field("OPENROUTER_API_KEY").send_keys("sk-or-canary")
    page.press("start")
    page.wait_state("running")
    assert session.seen()["environment"]["OPENROUTER_API_KEY"] == "sk-or-canary"
    assert str(session.config) in page.find("#config").text


def test_keyboard_only(page, session):
    from selenium.webdriver.common.keys import Keys
    page.field("GEMINI_API_KEY").send_keys(KEYS["GEMINI_API_KEY"] + Keys.ENTER)
    page.wait_state("running")
    page.find("#stop button").send_keys(Keys.SPACE)
    page.wait_state("stopped")


def test_the_page_follows_changes_by_scripts(page, session, script):
    session.start()
    if not script:
        page.open()
    page.wait_state("running")
    session.stop()
    if not script:
        page.open()
    page.wait_state("stopped")


def test_no_violation_of_the_content_security_policy_and_no_horizontal_scrolling(page, session):
    session.start()
    for width in (1200, 360, 320):
        page.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                     {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False})
        page.open()
        page.wait_state("running")
        root = page.browser.execute_cdp_cmd("Page.getLayoutMetrics", {})
        assert root["cssContentSize"]["width"] <= width
    assert [entry for entry in page.browser.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_a_form_of_another_site_is_refused(page, session):
    """Chromium allows another site to post a top-level form to loopback: the session app must refuse it."""
    form = (f"<form method=post action='http://127.0.0.1:{session.port}/start'><input name=DEMO value=1>"
            f"<input name=token value={session.token}><button>go</button></form>")
    page.browser.get("data:text/html," + form)
    page.find("button").click()
    page.wait(lambda: "forbidden_origin" in page.browser.page_source, "the refusal")
    assert session.status()["state"] == "stopped"


@pytest.fixture
def routed():
    """A session with the real proxy: one model that echoes, and one whose server does not exist."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="pm-", dir="/tmp"))
    config = folder / "config.yaml"
    config.write_text("model_list:\n  - model_name: gone\n    litellm_params: {model: openai/x, "
                      "api_base: 'http://127.0.0.1:1/v1', api_key: os.environ/OPENAI_API_KEY}\n"
                      "  - model_name: gone\n    litellm_params: {model: hosted_vllm/x, "
                      "api_base: 'http://127.0.0.1:1/v1'}\n"
                      "  - model_name: keyless\n    litellm_params: {model: groq/x}\n")
    session = Session(folder, proxy=BUILD / "proxy" / "pointsman-proxy", config=config)
    session.start(DEMO=True, OPENAI_API_KEY=KEYS["OPENAI_API_KEY"])
    yield session
    session.close()
    shutil.rmtree(folder)


def test_deployments_and_a_test_request(browser, routed, script):
    page = Page(browser, routed)

    def row(model):
        return next(r for r in browser.find_elements("css selector", "#aliases tr") if r.text.startswith(model))

    def animated(track):
        return page.find(f".track .to-{track}").value_of_css_property("stroke-dasharray") != "none"

    assert row("gone").find_element("css selector", "li.serves").text.startswith("openai/x")
    tracks = {"pointsman": True, "openai": True, "gemini": False, "echo": True, "other": True}
    page.wait(lambda: {track: animated(track) for track in tracks} == tracks, "the map")
    assert page.find(".station .for-echo").is_displayed() and page.find(".station .for-other").is_displayed()
    assert page.find("#missing summary").text == "1 model is not ready: GROQ_API_KEY is not set"
    page.find("#missing summary").click()
    row("codex-echo").find_element("css selector", "button").click()
    page.wait(lambda: "codex-echo: OK after" in page.find("#note").text, "the result of the test")
    page.wait(lambda: "1 call" in row("codex-echo").text or script or page.open(), "the request to be counted")
    missing = page.find("#missing td")
    assert missing.is_displayed() == script and missing.get_attribute("textContent") == "keyless"
    for theme in ("light", "dark") if script else ():
        use_theme(page, theme)
        assert not find_faults(page), theme
    row("gone").find_element("css selector", "button").click()
    page.wait_message("gone: failed after")
    assert not page.find("#note").is_displayed()
    assert KEYS["OPENAI_API_KEY"] not in browser.page_source
    routed.stop()
    if not script:
        page.open()
    page.wait(lambda: not any(page.find(f".station .for-{name}").is_displayed() for name in ("echo", "other")),
              "the map to stop moving")


def test_the_view_live(browser, routed, script):
    page = Page(browser, routed)
    page.find('nav a[href="/live"]').click()
    page.wait(lambda: page.find("#verdict").text.startswith("All is well: "), "the verdict")
    assert page.find("#verdict .well").is_displayed() and page.find("#models tbody").is_displayed()
    assert page.find(".filter").is_displayed() == script
    assert routed.api("/api/test", {"model": "codex-echo"}).status == 200
    assert routed.api("/api/test", {"model": "gone"}).status == 502

    def shown():
        return [row.find_element("css selector", "td").text
                for row in browser.find_elements("css selector", "#requests tbody tr") if row.is_displayed()]

    if not script:
        page.open_path("/live")
    page.wait(lambda: shown() == ["gone", "codex-echo"], "the requests")
    assert page.find("#requests td.skipped").is_displayed()
    if not script:
        return
    page.find("#filter").send_keys("echo")
    page.wait(lambda: shown() == ["codex-echo"] and page.find("#matches").text == "1 of 2", "the filter")
    assert routed.api("/api/test", {"model": "codex-echo"}).status == 200
    page.wait(lambda: shown() == ["codex-echo"] * 2 and page.find("#matches").text == "2 of 3", "the next request")
    for theme in ("light", "dark"):
        use_theme(page, theme)
        assert not find_faults(page), theme
    page.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                 {"width": 360, "height": 800, "deviceScaleFactor": 1, "mobile": False})
    assert page.browser.execute_script("return document.documentElement.scrollWidth") <= 360
    assert not [entry for entry in page.browser.get_log("browser") if entry["level"] in ("WARNING", "SEVERE")]
    routed.stop()
    page.wait(lambda: page.find("#verdict").text.startswith("The proxy is stopped."), "the stop")


def test_localhost_leads_nowhere_else(page, session):
    """Chromium tries ::1 first, where another user could wait for keys."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no ::1")
    with pytest.raises(OSError, match="in use"):
        socket.create_server(("::1", session.port), family=socket.AF_INET6)
    page.browser.get(f"http://localhost:{session.port}/")
    page.field("OPENAI_API_KEY").send_keys(KEYS["OPENAI_API_KEY"])
    page.press("start")
    page.wait_state("running")
    assert session.seen()["environment"]["OPENAI_API_KEY"] == KEYS["OPENAI_API_KEY"]
