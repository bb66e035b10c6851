"""Allocations that fail, clocks that jump, and name lookups: the libraries of tests/faults in the program, and the
memory that they share with the test."""
import contextlib
import http.client
import json
import mmap
import struct
import subprocess

from basics import ROOT

FOREVER = 1 << 62
PATIENCE_S = 5   # s; no failing request may hang for longer


def build(folder, name):
    """The path of the library with that name in tests/faults, built."""
    library = folder / f"{name}.so"
    subprocess.run(["cc", "-D_GNU_SOURCE", "-O1", "-shared", "-fPIC", "-o", library,
                    ROOT / "tests" / "faults" / f"{name}.c"],
                   check=True)
    return library


class Clock:
    """A program's wall clock, which the test can set."""

    def __init__(self, folder):
        self.path = folder / "clock"
        self.environment = {"LD_PRELOAD": str(build(folder, "shift_clock")), "CLOCK_FILE": str(self.path)}
        self.path.write_bytes(bytes(8))

    def shift(self, seconds):
        with open(self.path, "r+b") as file:
            file.write(struct.pack("<q", seconds))


class Names:
    """The results of a program's name lookups, and their time."""

    FIELDS = ("held", "error", "begun", "ended")
    NO_ANSWER, LOCAL = -3, 0    # EAI_AGAIN; each name resolves to 127.0.0.1

    def __init__(self, folder):
        path = folder / "names"
        path.write_bytes(bytes(4096))
        with open(path, "r+b") as file:
            self.page = mmap.mmap(file.fileno(), 4096)
        self.answer(self.NO_ANSWER)
        self.environment = {"LD_PRELOAD": str(build(folder, "names")), "NAMES_FILE": str(path),
                            "ASAN_OPTIONS": "verify_asan_link_order=0"}

    def answer(self, error):
        self._set("error", error)

    def hold(self, held=True):
        """While held, lookups do not return."""
        self._set("held", held)

    @property
    def begun(self):
        return self._get("begun")

    @property
    def ended(self):
        return self._get("ended")

    def _get(self, name):
        return struct.unpack_from("<q", self.page, 8 * self.FIELDS.index(name))[0]

    def _set(self, name, value):
        struct.pack_into("<q", self.page, 8 * self.FIELDS.index(name), value)


class Memory:
    """Which allocations of a program fail."""

    FIELDS = ("first", "how_many", "count", "failed", "live")

    def __init__(self, folder, program="pointsman-proxy"):
        self.path = folder / "faults"
        self.path.write_bytes(bytes(4096))
        with open(self.path, "r+b") as file:
            self.page = mmap.mmap(file.fileno(), 4096)
        # Freed blocks are overwritten, so that a read after free is noticed.
        self.environment = {"LD_PRELOAD": str(build(folder, "fail_alloc")), "FAULTS_FILE": str(self.path),
                            "FAULTS_PROGRAM": program, "MALLOC_PERTURB_": "165"}

    def __getattr__(self, name):
        if name not in self.FIELDS:
            raise AttributeError(name)
        return struct.unpack_from("<q", self.page, 8 * self.FIELDS.index(name))[0]

    def _set(self, name, value):
        struct.pack_into("<q", self.page, 8 * self.FIELDS.index(name), value)

    @property
    def where(self):
        """The source file of the last allocation that failed."""
        return self.page[40:104].split(b"\0")[0].decode()

    @contextlib.contextmanager
    def fails(self, first, how_many=1):
        """In the block, the first-th allocation from here on fails, and how_many - 1 after it."""
        self.page[0:32], self.page[40:104] = bytes(32), bytes(64)
        self._set("how_many", how_many)
        self._set("first", first)
        try:
            yield self
        finally:
            self._set("first", 0)


class Outcome:
    """The result of one request as a client sees it: whole, error or truncated; anything else is a defect of the
    proxy."""

    def __init__(self, proxy, path, body):
        self.text, self.status, self.hung = "", None, False
        connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=PATIENCE_S)
        try:
            connection.request("POST", path, json.dumps(body),
                               {"Authorization": f"Bearer {proxy.keys['LITELLM_API_KEY']}"})
            response = connection.getresponse()
            self.status = response.status
            self.fields = response.headers
            self.text = response.read().decode()
            self.ended = True
        except http.client.IncompleteRead as error:
            self.text, self.ended = error.partial.decode(), False
        except (ConnectionError, http.client.RemoteDisconnected):
            self.ended = False
        except TimeoutError:
            self.ended, self.hung = True, True
        finally:
            connection.close()

    @property
    def is_error(self):
        """Returns true if the reply reports an error: in its status and message, or as the last event of a stream."""
        if self.status == 200:
            return '"error":{' in self.text.rsplit("data: ", 1)[-1] or '"response.failed"' in self.text
        return self.status == 503 and len(json.loads(self.text)["error"]["message"]) > 5

    def kind(self, wanted):
        """wanted(text) returns true if the reply is whole."""
        if self.hung:
            return f"wrong: silent for {PATIENCE_S} s after {self.text[:300]}"
        if not self.ended:
            return "truncated"
        if self.status == 200 and "content-type" in self.fields and wanted(self.text):
            return "whole"
        return "error" if self.is_error else f"wrong: {self.status} {self.text[:600]}"
