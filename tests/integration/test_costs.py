"""What the proxy costs, in what can be counted: a bar that is passed here is a regression on every machine, a busy one too. The
figures are those of the best of some requests, so that what happens once a second is not in them."""
import contextlib
import json
import pathlib
import platform
import shutil
import subprocess

from basics import ROOT, wait_until
import chat_wire as chat
import pytest
import responses_wire as responses
from conftest import chat_only, deployment
from faults import Memory
from idle_streams import WAYS, Idle
from proxy_process import MASTER_KEY
from torture import SANITIZED

pytestmark = pytest.mark.skipif(SANITIZED, reason="the sanitizers have costs of their own")

IDLE_KB = 10 * 1024         # resident, with what it shares with others
IDLE_OWN_KB = 3 * 1024      # of that, what is its own: no unmapping of code makes it less
FEW, MANY = 10, 50      # events of a stream: what one costs is what more of them do
# KB that a silent stream keeps, by how it goes. What is the proxy's own is some 20 KB; libcurl's handle and buffer are 12.
STREAM_KB = {"chat": 18, "responses": 20, "responses from chat": 24, "chat from responses": 37}
STREAMS = 150
REQUESTS = 4            # that are counted
TOLERANCE = 0.15        # instructions: of other compilers and C libraries
# String functions are chosen by the processor: the same ones everywhere, and none that does it all in one instruction.
TUNABLES = ("glibc.cpu.hwcaps=-AVX2,-AVX2_Usable,-ERMS,-FSRM:glibc.cpu.x86_rep_movsb_threshold=0x7fffffff:"
            "glibc.cpu.x86_rep_stosb_threshold=0x7fffffff")

LINE = "Keep going until the task is resolved; say what you do and why, and check your work before you hand it over. "
MESSAGES = [{"role": "user", "content": "Say a sentence that holds every letter of the alphabet."}]
TOOL = {"type": "function", "name": "f", "description": LINE * 5, "parameters": {"type": "object", "properties": {
    f"argument_{n}": {"type": "string", "description": LINE} for n in range(6)}}}
CODEX = {"input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": LINE * 60}]},
                   *[item for n in range(10) for item in (
                       {"type": "function_call", "call_id": f"call_{n}", "name": "f", "arguments": '{"argument_0":"ls"}'},
                       {"type": "function_call_output", "call_id": f"call_{n}", "output": (LINE + "\n") * 8})]],
         "tools": [{**TOOL, "name": f"f{n}"} for n in range(8)], "prompt_cache_key": "x"}

# What is asked, of whom, and its bars: instructions on x86-64, system calls, allocations.
BARS = {
    "chat, passed": ("/v1/chat/completions", {"model": "passed", "messages": MESSAGES}, 48000, 7, 7),
    "Codex request of 30 KB, passed": ("/v1/responses", {**CODEX, "model": "passed"}, 179000, 9, 8),
    "Codex request of 30 KB, bridged": ("/v1/responses", {**CODEX, "model": "bridged"}, 522000, 9, 30),
    "event of a stream, passed": ("/v1/chat/completions", {"model": "passed", "messages": MESSAGES, "stream": True},
                                  3330, 0.5, 0),
    "event of a stream, bridged": ("/v1/responses", {"model": "bridged", "input": MESSAGES, "stream": True}, 9920, 0.5, 0),
}


class Client:
    """One connection that stays."""

    def __init__(self, proxy, path, body):
        text = json.dumps(body, separators=(",", ":")).encode()
        self.socket = proxy.connect()
        self.request = (f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{proxy.port}\r\nAuthorization: Bearer {MASTER_KEY}\r\n"
                        f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n").encode() + text

    def ask(self):
        self.socket.sendall(self.request)
        reply = b""
        while not is_whole(reply):
            piece = self.socket.recv(65536)
            assert piece, reply
            reply += piece
        assert reply.startswith(b"HTTP/1.1 200 "), reply


def is_whole(reply):
    head, _, body = reply.partition(b"\r\n\r\n")
    if b"Transfer-Encoding: chunked" in head:
        return body.endswith(b"\r\n0\r\n\r\n")
    return bool(body) and len(body) == int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])


def replies(events):
    """A provider of both wires. A stream comes in one piece, or else how many wake-ups it takes would be a matter of luck."""
    def reply(request):
        if request.json.get("stream"):
            return [b"".join(chat.text_stream(*[" fox"] * events))]
        return responses.whole("x" * 50) if request.path.endswith("/responses") else chat.whole("x" * 50)
    return reply


def state_of(process):
    return pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(") ", 1)[1][0]


def hold(what, kind, found, bar, tolerance=0):
    print(f"{what}: {found:.6g} {kind} (at most {bar * (1 + tolerance):.6g})")
    assert found <= bar * (1 + tolerance), (
        f"{what}: {found:.6g} {kind}, {found / bar - 1:+.0%} over the {bar} that BARS has. Find out what is new on the way of a "
        "request; where it must be, BARS in test_costs.py is raised with it, and bench/compare says what it costs.")


class Work:
    """Asks for all that BARS has, and finds what each took."""

    def __init__(self, start_proxy, upstream, **options):
        self.upstream = upstream
        self.proxy = start_proxy(deployment("passed", upstream), chat_only("bridged", upstream), **options)

    def ask(self, what, events, count):
        """What each of some requests took, as the growth of count()."""
        path, body, *_ = BARS[what]
        self.upstream.always(replies(events))
        client, costs = Client(self.proxy, path, body), []
        for _ in range(REQUESTS + 1):
            begin = count()
            client.ask()
            wait_until(lambda: state_of(self.proxy.process) == "S", "the proxy to sleep")
            costs.append(count() - begin)
        return costs[1:]

    def cost(self, what, count):
        """Of a request, or of one event."""
        few = min(self.ask(what, FEW, count))
        if "stream" not in BARS[what][1]:
            return few
        return (min(self.ask(what, MANY, count)) - few) / (MANY - FEW)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the figures are x86-64's")
@pytest.mark.skipif(not shutil.which("valgrind"), reason="no valgrind: ./check installs it")
def test_instructions(start_proxy, upstream, folder):
    """callgrind leaves a file at the beginning of each request, with what was done since the one before began."""
    library, out = folder / "open.so", folder / "steps"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, ROOT / "tests" / "costs" / "open.c"], check=True)
    work = Work(start_proxy, upstream, environment={"GLIBC_TUNABLES": TUNABLES, "LD_PRELOAD": str(library)},
                by=[shutil.which("valgrind"), "-q", "--tool=callgrind", f"--callgrind-out-file={out}", "--vgdb=no",
                    "--dump-line=no", "--dump-before=request_begin"])

    def count():
        return sum(int(path.read_text().rsplit("\ntotals: ", 1)[1].split()[0]) for path in folder.glob("steps.*"))
    for what, bars in BARS.items():
        hold(what, "instructions", work.cost(what, count), bars[2], TOLERANCE)


@pytest.mark.skipif(not shutil.which("strace"), reason="no strace: ./check installs it")
def test_system_calls(start_proxy, upstream, folder):
    log = folder / "calls"
    work = Work(start_proxy, upstream, by=[shutil.which("strace"), "-D", "-f", "-qq", "-o", log])
    for what, bars in BARS.items():
        hold(what, "system calls", work.cost(what, lambda: log.read_bytes().count(b"\n")), bars[3])


def test_allocations(start_proxy, upstream, folder):
    memory = Memory(folder)
    work = Work(start_proxy, upstream, environment=memory.environment)
    for what, bars in BARS.items():
        hold(what, "allocations", work.cost(what, lambda: memory.count), bars[4])


def memory_kb(proxy, field):
    status = pathlib.Path(f"/proc/{proxy.process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(f"{field}:"))


def test_an_idle_proxy_is_small(light):
    """A second after its start, of which not all stays in memory."""
    wait_until(lambda: memory_kb(light, "VmRSS") <= IDLE_KB, f"at most {IDLE_KB} KB")
    own = memory_kb(light, "RssAnon")
    print(f"idle: {own} KB of its own (at most {IDLE_OWN_KB})")
    assert own <= IDLE_OWN_KB
    assert light.get("/v1/models").status == 200   # and what is needed after all is there again


@pytest.mark.parametrize("way", WAYS)
def test_an_idle_stream_is_small(start_proxy, folder, way):
    """The growth from the second hundred of streams: the first ones fill what the start has left free."""
    with contextlib.ExitStack() as stack:
        idle = Idle(start_proxy, folder, stack, way)
        idle.add(STREAMS)
        before = memory_kb(idle.proxy, "RssAnon")
        idle.add(STREAMS)
        hold(f"idle stream, {way}", "KB", (memory_kb(idle.proxy, "RssAnon") - before) / STREAMS, STREAM_KB[way])
