"""Sends the rows of http_rows.py to a server, and checks what comes back."""
import re
import socket

PATIENCE_S = 10
HTTP2_SETTINGS = b"\x04\x00\x00\x00\x00\x00"   # after the length field: the first frame of an HTTP/2 server
STATUS_LINE = re.compile(rb"HTTP/1\.[01] (\d{3}) [^\r\n]*\r\n")
DATE = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT")


class Malformed(Exception):
    """The bytes are not an HTTP/1.1 reply."""


class Answer:
    """One reply, parsed from the beginning of the received bytes."""

    def __init__(self, data, bodiless):
        line = STATUS_LINE.match(data)
        head, found, rest = data.partition(b"\r\n\r\n")
        if not line or not found:
            raise Malformed(f"not the head of a reply: {data[:60]!r}")
        self.status = int(line[1])
        self.fields = {}
        for text in head.decode("latin-1").split("\r\n")[1:]:
            name, _, value = text.partition(":")
            self.fields.setdefault(name.lower(), value.strip())
        if self.status == 101:
            self.rest = b""
        else:
            self.rest = rest if bodiless or self.status < 200 or self.status in (204, 304) else self._behind_body(rest)

    def _behind_body(self, data):
        if self.fields.get("transfer-encoding", "").lower() == "chunked":
            while True:
                line, _, data = data.partition(b"\r\n")
                size = int(line.split(b";")[0], 16)
                data = data[size + 2:]
                if size == 0:
                    return data
        if "content-length" not in self.fields:
            return b""   # up to the end of the connection
        size = int(self.fields["content-length"])
        if len(data) < size:
            raise Malformed("a body shorter than its length")
        return data[size:]

    def faults(self):
        """What RFC 9110 requires of every reply."""
        if 200 <= self.status < 300 and not DATE.fullmatch(self.fields.get("date", "")):
            yield f"{self.status} with the date {self.fields.get('date')!r} (9110 6.6.1)"
        if self.status == 405 and "allow" not in self.fields:
            yield "405 without Allow (9110 15.5.6)"
        if "content-length" in self.fields and ("transfer-encoding" in self.fields or self.status in (100, 204)):
            yield f"{self.status} with a length (9110 8.6, 9112 6.2)"


def receive(sock):
    """All bytes up to the end of the connection."""
    received = b""
    try:
        while data := sock.recv(65536):
            received += data
    except ConnectionError:
        pass
    return received


def exchange(row, site, asking):
    """Sends a row. Returns the bytes that came back until the server closed the connection."""
    with socket.create_connection(("127.0.0.1", site.port), PATIENCE_S) as sock:
        try:
            sock.sendall(row.data if row.ends else row.data + asking)
            if row.ends:
                sock.shutdown(socket.SHUT_WR)
        except ConnectionError:
            pass   # the server has closed already; its reply is still there
        return receive(sock)


def answers(data, bodiless):
    """(interim replies, replies) in the received bytes."""
    interim, final = [], []
    while data:
        answer = Answer(data, bodiless and not final)
        (interim if answer.status < 200 and answer.status != 101 else final).append(answer)
        data = answer.rest
    return interim, final


def outcome(row, final):
    """(status, "open" or "closed"): the status of the row's last reply, and whether the request after it was
    answered."""
    if not final:
        return "silent", "closed"
    own, after = final[:row.replies], final[row.replies:]
    if any(answer.status // 100 != 2 for answer in own[:-1]):
        return f"{[answer.status for answer in own]}", "closed"
    if len(own) < row.replies:
        return str(own[-1].status), "closed" if own[-1].status >= 400 else f"after {len(own)} of {row.replies} replies"
    if len(after) > 1 or (after and after[0].status // 100 != 2):
        return str(own[-1].status), f"followed by {[answer.status for answer in after]}"
    return str(own[-1].status), "open" if after else "closed"


def allows(want, status, end):
    """Returns true if the outcome is one of the alternatives of `want`."""
    for alternative in want.split(" or "):
        statuses, _, wanted_end = alternative.partition(" ")
        known = [one.replace("x", r"\d") for one in statuses.split(",")]
        if any(re.fullmatch(one, status) for one in known) and wanted_end in ("", "any", end) \
            and end in ("open", "closed"):
            return True
    return False


def faults(row, site, asking):
    """What is wrong with the server's answer to a row; [] if nothing is."""
    try:
        received = exchange(row, site, asking)
        if received[3:9] == HTTP2_SETTINGS:
            return [] if "HTTP/2" in row.want else ["HTTP/2, unasked"]
        interim, final = answers(received, row.bodiless)
    except TimeoutError:
        return ["it hangs"]
    except (Malformed, ValueError) as fault:
        return [str(fault)]
    status, end = outcome(row, final)
    found = [fault for answer in (*interim, *final) for fault in answer.faults()]
    if not allows(row.want, status, end):
        found.append(f"{status} {end}, not {row.want}")
    if row.smuggling and end != "closed":
        found.append(f"{status} {end}: an ambiguous request must close the connection")
    if interim and not row.interim:
        found.append(f"{interim[0].status} without Expect (9110 10.1.1)")
    return found
