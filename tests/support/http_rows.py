"""Raw HTTP/1.1 requests, each with the replies that RFC 9110 and RFC 9112 allow. http_wire.py sends them.

`want` lists the allowed outcomes of a row, separated by " or ": "400,501 closed" (one of these, and then the
connection is closed), "2xx open" (and the next request on the connection is answered), "4xx any", or "silent"
(closed without a reply). A `smuggling` row is one that two parsers could take for different requests: it must close
the connection, and no request after it may be answered. The origin checks `inside` rows, too: it must receive
exactly the site's body, once."""
import typing

SERVED = "2xx open"
LAST = "2xx closed"
REFUSED = "400 closed"
DROPPED = "400 closed or silent"
EITHER = "2xx open or 400 closed"          # both are valid
UNKNOWN = "400,501 closed or silent"       # an invalid method is also an unknown one
UNFINISHED = "silent or 400,408 closed"


class Site(typing.NamedTuple):
    """A server, and the requests that it answers with 2xx."""
    port: int
    get: str
    post: str
    fields: tuple    # header fields that every request needs, such as Authorization
    body: bytes      # of a valid POST
    chunks: bool = True      # False: the server requires a length, and answers 403 otherwise


class Row(typing.NamedTuple):
    kind: str
    name: str
    section: str     # "9112 6.1": RFC and section
    data: bytes
    want: str
    smuggling: bool = False
    # The client shuts down its sending side; otherwise it sends another request, to see if it is answered.
    ends: bool = False
    bodiless: bool = False   # the first reply is to HEAD
    replies: int = 1
    interim: bool = False    # 100 (Continue) may come before the reply


class Rows:
    """The rows for a site."""

    def __init__(self, site):
        self.site, self.rows = site, []
        self.host = f"127.0.0.1:{site.port}"
        self.smuggled = self.get()
        for part in (request_lines, versions, targets, methods, hosts, fields, line_ends, lengths, codings,
                     smuggled_requests, chunks,
                     trailers, connections, pipelines, expectations, upgrades, limits, unfinished, meanings):
            part(self)

    def add(self, kind, name, section, data, want, **options):
        if not self.site.chunks and b"ransfer-" in data.lower():
            want += " or 403 closed"
        self.rows.append(Row(kind, name, section, data, want, **options))

    def head(self, line, *fields, host=None, usual=True):
        """`host`: None for the right one, False for none."""
        lines = [line] + [f"Host: {self.host if host is None else host}"] * (host is not False)
        lines += self.site.fields if usual else ()
        parts = (part if isinstance(part, bytes) else part.encode("latin-1") for part in (*lines, *fields))
        return b"\r\n".join(parts) + b"\r\n\r\n"

    def get(self, *fields, version="HTTP/1.1", **options):
        return self.head(f"GET {self.site.get} {version}", *fields, **options)

    def post(self, *fields, body=b"", version="HTTP/1.1"):
        return self.head(f"POST {self.site.post} {version}", *fields) + body

    def chunked(self, body, *fields):
        return self.post("Transfer-Encoding: chunked", *fields, body=body)

    def length(self):
        return f"Content-Length: {len(self.site.body)}"


def request_lines(r):
    def add(name, line, want, section="9112 3"):
        r.add("request line", name, section, r.head(line), want)
    path = r.site.get
    add("valid", f"GET {path} HTTP/1.1", SERVED)
    add("two spaces before the target", f"GET  {path} HTTP/1.1", REFUSED)
    add("two spaces before the version", f"GET {path}  HTTP/1.1", REFUSED)
    add("a space at the end", f"GET {path} HTTP/1.1 ", REFUSED)
    add("a space at the beginning", f" GET {path} HTTP/1.1", UNKNOWN)
    add("tabs instead of spaces", f"GET\t{path}\tHTTP/1.1", REFUSED)
    add("a tab after the version", f"GET {path} HTTP/1.1\t", REFUSED)
    add("no target", "GET HTTP/1.1", DROPPED)
    add("no method", f"{path} HTTP/1.1", UNKNOWN)
    add("no version", f"GET {path}", DROPPED)
    add("a space in the target", f"GET {path} x HTTP/1.1", DROPPED)
    add("extra text after the version", f"GET {path} HTTP/1.1 x", DROPPED)
    add("a colon in the method", f"GE:T {path} HTTP/1.1", UNKNOWN, "9110 9.1")
    add("a bracket in the method", f"GE[T {path} HTTP/1.1", UNKNOWN, "9110 9.1")
    add("a control character in the method", f"G\x01T {path} HTTP/1.1", UNKNOWN, "9110 9.1")
    add("a non-ASCII byte in the method", f"G\xe9T {path} HTTP/1.1", UNKNOWN, "9110 9.1")
    add("only blanks", "   ", DROPPED)
    r.add("request line", "an empty line before it", "9112 2.2", b"\r\n" + r.get(), SERVED)
    r.add("request line", "two empty lines before it", "9112 2.2", b"\r\n\r\n" + r.get(), EITHER)
    r.add("request line", "noise", "9112 2.2", bytes(range(128, 256)) * 2 + b"\r\n\r\n", DROPPED)
    r.add("request line", "a TLS greeting", "9112 2.2",
          bytes.fromhex("1603010200010001fc0303") + bytes(200) + b"\r\n\r\n", DROPPED)
    r.add("request line", "only a header field", "9112 2.1", f"Host: {r.host}\r\n\r\n".encode(), DROPPED)


def versions(r):
    def add(version, want, section="9112 2.3"):
        r.add("version", version, section, r.get(version=version), want)
    r.add("version", "1.0 with a host", "9112 9.3", r.get(version="HTTP/1.0"), LAST)
    r.add("version", "1.0 with keep-alive", "9112 9.3", r.get("Connection: keep-alive", version="HTTP/1.0"), "2xx any")
    r.add("version", "1.0 without a host", "9112 3.2", r.get(version="HTTP/1.0", host=False), "2xx,400,403 closed")
    add("HTTP/1.2", "2xx open or 505 any", "9110 2.5")
    add("HTTP/1.9", "2xx open or 505 any", "9110 2.5")
    add("HTTP/2.0", "400,505 closed")
    add("HTTP/3.0", "400,505 closed")
    add("HTTP/9.9", "400,505 closed")
    add("HTTP/0.9", "400,505 closed")
    for version in ("HTTP/1", "HTTP/2", "HTTP/1.", "HTTP/.1", "HTTP/11", "HTTP/1.10", "HTTP/01.1", "HTTP/1.01",
                    "HTTP/ 1.1", "HTTP /1.1",
                    "http/1.1", "Http/1.1", "HTTP/1,1", "HTTP/x.y", "HTTP/-1.1", "HTTP/1.1.1", "HTTPS/1.1", "XTTP/1.1",
                    "HTTP-1.1"):
        add(version, "400,505 closed or silent")
    r.add("version", "a request of HTTP/0.9", "9112 2.3", f"GET {r.site.get}\r\n".encode(), DROPPED, ends=True)
    r.add("version", "HTTP/2's preface", "9113 3.4", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
          "400,405,501,505 closed or silent or HTTP/2")


def targets(r):
    def add(name, target, want, section="9112 3.2"):
        r.add("target", name, section, r.head(f"GET {target} HTTP/1.1"), want)
    path = r.site.get
    add("with a query", f"{path}?a=b&c=%20d", SERVED)
    add("absolute", f"http://{r.host}{path}", "2xx open", "9112 3.2.2")
    add("absolute, scheme in upper case", f"HTTP://{r.host}{path}", "2xx open or 400 closed", "9112 3.2.2")
    add("absolute, another host", f"http://evil.test{path}", "400,403,404,421 any", "9112 3.2.2")
    add("absolute with user", f"http://user@{r.host}{path}", "400,403,404,421 any", "9110 4.2.4")
    add("absolute, another scheme", f"ftp://{r.host}{path}", "400,403,404,421 any", "9112 3.2.2")
    add("an authority", r.host, DROPPED, "9112 3.2.3")
    add("an asterisk", "*", "400 closed or 404,405 any", "9112 3.2.4")
    add("no slash", path.lstrip("/"), DROPPED)
    add("a fragment", f"{path}#part", REFUSED)
    add("a NUL", f"{path}\0", DROPPED)
    add("a control character", f"{path}\x01", DROPPED)
    add("DEL", f"{path}\x7f", DROPPED)
    add("non-ASCII bytes", f"{path}\xc3\xa9", "400,404 any")
    add("an overlong slash", f"{path}\xc0\xaf", "400 closed or 404 any")
    add("a backslash", f"{path}\\x", "400 closed or 404 any")
    add("a bracket", f"{path}?<x>", EITHER)
    add("a quotation mark", f'{path}?"x"', EITHER)
    add("half a percent encoding", f"{path}%2", "400 closed or 404 any", "3986 2.1")
    add("a percent encoding without digits", f"{path}%zz", "400 closed or 404 any", "3986 2.1")
    add("an encoded NUL", f"{path}%00", "400 closed or 404 any", "3986 2.1")
    add("an encoded line end", f"{path}%0d%0aX:%20y", "400 closed or 404 any", "3986 2.1")
    add("8,000 bytes, which all should accept", f"{path}?{'x' * 7900}", SERVED, "9112 3")
    add("100,000 bytes", f"{path}?{'x' * 100000}", "400,414,431 closed or silent", "9110 15.5.15")
    r.add("target", "an asterisk of OPTIONS", "9112 3.2.4", r.head("OPTIONS * HTTP/1.1"), "2xx,405 open or 501 any")


def methods(r):
    def add(name, line, want, section="9110 9.1", data=None, **options):
        r.add("method", name, section, data or r.head(line), want, **options)
    path = r.site.get
    add("HEAD", f"HEAD {path} HTTP/1.1", SERVED, "9110 9.3.2", bodiless=True)
    add("in lower case", f"get {path} HTTP/1.1", "400,405,501 any")
    add("unknown", f"FROBNICATE {path} HTTP/1.1", "400,405,501 any")
    add("2,000 letters", f"{'A' * 2000} {path} HTTP/1.1", "400,405,414,431,501 any")
    add("100,000 letters", f"{'A' * 100000} {path} HTTP/1.1", "400,405,414,431,501 closed or silent")
    add("TRACE", f"TRACE {path} HTTP/1.1", "400,403,405,501 any", "9110 9.3.8")
    add("TRACE with a body", None, "400,403,405,501 any", "9110 9.3.8",
        r.head(f"TRACE {path} HTTP/1.1", "Content-Length: 5") +
        b"hello")
    add("CONNECT", None, "400,403,405,501 any", "9110 9.3.6",
        r.head("CONNECT evil.test:443 HTTP/1.1", host="evil.test:443"))
    add("CONNECT to the server itself", f"CONNECT {r.host} HTTP/1.1", "400,403,405,501 any", "9110 9.3.6")
    add("CONNECT with a path", f"CONNECT {path} HTTP/1.1", "400,403,405,501 any", "9112 3.2.3")
    add("one that this path does not have", f"DELETE {path} HTTP/1.1", "405,501 any", "9110 15.5.6")
    add("GET with a body", None, "2xx open or 400 closed", "9110 9.3.1", r.get("Content-Length: 5") + b"hello")
    add("GET whose body looks like a request", None, "2xx open or 400 closed", "9110 9.3.1",
        r.get(f"Content-Length: {len(r.smuggled)}") + r.smuggled)
    add("HEAD with a body", None, "2xx open or 400 closed", "9110 9.3.2",
        r.head(f"HEAD {path} HTTP/1.1", "Content-Length: 5") +
        b"hello",
        bodiless=True)
    add("OPTIONS with a body", None, "2xx,404,405 any or 501 any or 400 closed", "9110 9.3.7",
        r.head(f"OPTIONS {path} HTTP/1.1", f"Content-Length: {len(r.smuggled)}") + r.smuggled)


def hosts(r):
    def add(name, host, want, *more, section="9112 3.2"):
        r.add("host", name, section, r.head(f"GET {r.site.get} HTTP/1.1", *more, host=host), want)
    add("none", False, REFUSED)
    add("empty", "", "400 closed")
    add("twice, identical", None, REFUSED, f"Host: {r.host}")
    add("twice, another", None, REFUSED, "Host: evil.test")
    add("a list", f"{r.host}, evil.test", REFUSED)
    add("a list without spaces", f"{r.host},evil.test", REFUSED)
    add("with a user", f"user@{r.host}", REFUSED)
    add("with a path", f"{r.host}/x", REFUSED)
    add("with a query", f"{r.host}?x", REFUSED)
    add("with a scheme", f"http://{r.host}", REFUSED)
    add("with a space inside", "127.0.0.1 :80", REFUSED)
    add("a port of letters", "127.0.0.1:http", REFUSED)
    add("two ports", f"{r.host}:80", REFUSED)
    add("a control character", "127.0.0.1\x01", REFUSED)
    add("non-ASCII bytes", "127.0.0.1\xe9", "400 closed or 403,421 any")
    add("an open bracket", "[::1", REFUSED)
    add("with spaces around it", f"  {r.host} \t", SERVED, section="9110 5.5")


def fields(r):
    def add(name, line, want, section="9112 5", **options):
        r.add("field", name, section, r.get(line), want, **options)
    add("no space after the colon", "X-Test:y", SERVED)
    add("empty", "X-Test:", SERVED)
    add("a tab inside", "X-Test: a\tb", SERVED, "9110 5.5")
    add("non-ASCII bytes in the value", "X-Test: \xe9", EITHER, "9110 5.5")
    add("all token characters", "!#$%&'*+-.^_`|~09AZaz: y", EITHER, "9110 5.6.2")
    add("a space before the colon", "X-Test : y", REFUSED, "9112 5.1", smuggling=True)
    add("a tab before the colon", "X-Test\t: y", REFUSED, "9112 5.1", smuggling=True)
    add("no colon", "X-Test", DROPPED)
    add("no name", ": y", DROPPED)
    add("a space in the name", "X Test: y", REFUSED, "9110 5.1")
    add("a bracket in the name", "X[Test: y", DROPPED, "9110 5.1")
    add("a control character in the name", "X\x01Test: y", DROPPED, "9110 5.1")
    add("a non-ASCII byte in the name", "X\xe9Test: y", DROPPED, "9110 5.1")
    add("a NUL in the name", "X\0Test: y", DROPPED, "9110 5.1")
    add("a NUL in the value", "X-Test: a\0b", REFUSED, "9110 5.5")
    add("a control character in the value", "X-Test: a\x01b", EITHER, "9110 5.5")
    add("a form feed in the value", "X-Test: a\x0cb", EITHER, "9110 5.5")
    add("DEL in the value", "X-Test: a\x7fb", EITHER, "9110 5.5")
    add("folded", "X-Test: a\r\n b", "400 closed or 2xx open", "9112 5.2")
    add("folded with a tab", "X-Test: a\r\n\tb", "400 closed or 2xx open", "9112 5.2")
    add("folded, with an empty line", "X-Test: a\r\n ", "400 closed or 2xx open", "9112 5.2")
    r.add("field", "a space before the first", "9112 2.2", r.head(f"GET {r.site.get} HTTP/1.1\r\n X-Test: y"),
          "400 closed or 2xx open or silent")
    r.add("field", "a line of spaces before the first", "9112 2.2", r.head(f"GET {r.site.get} HTTP/1.1\r\n "),
          "400 closed or 2xx open or silent")
    r.add("field", "two content types", "9110 5.3",
          r.post("Content-Type: text/plain", "Content-Type: application/json", r.length(), body=r.site.body),
          "2xx open or 400,415 closed")


def line_ends(r):
    good = r.get()
    r.add("line end", "bare line feeds", "9112 2.2", good.replace(b"\r\n", b"\n"), EITHER + " or silent")
    r.add("line end", "a line feed after the request line", "9112 2.2", good.replace(b"\r\n", b"\n", 1),
          EITHER + " or silent")
    r.add("line end", "a line feed after a field", "9112 2.2", r.get("X: a\nY: b"), EITHER + " or silent")
    r.add("line end", "a line feed for the last line", "9112 2.2", good[:-2] + b"\n", EITHER + " or silent")
    r.add("line end", "bare carriage returns", "9112 2.2", good.replace(b"\r\n", b"\r") + b"\r\n\r\n", DROPPED)
    r.add("line end", "a carriage return after the request line", "9112 2.2", good.replace(b"\r\n", b"\r", 1), REFUSED)
    r.add("line end", "a carriage return in a value", "9112 2.2", r.get("X: a\rb"), REFUSED, smuggling=True)
    r.add("line end", "a carriage return that hides a field", "9112 2.2", r.post("X: a\rTransfer-Encoding: chunked",
                                                                                 "Content-Length: 5") +
          b"0\r\n\r\n" + r.smuggled, REFUSED, smuggling=True)
    r.add("line end", "two carriage returns", "9112 2.2", r.get("X: a\r"), REFUSED)
    r.add("line end", "a carriage return before the colon", "9112 2.2", r.get("X\r: a"), REFUSED)


def lengths(r):
    def add(name, value, want=REFUSED, section="9112 6.3", smuggling=True):
        r.add("length", name, section, r.head(f"POST {r.site.post} HTTP/1.1", f"Content-Length:{value}") + r.site.body,
              want, smuggling=smuggling)
    size = len(r.site.body)
    add("valid", f" {size}", SERVED, "9112 6.2", smuggling=False)
    add("a tab before it", f"\t{size}", EITHER, "9110 5.5", smuggling=False)
    add("spaces around it", f"   {size}  ", EITHER, "9110 5.5", smuggling=False)
    for name, value in (("a plus", f" +{size}"), ("negative", f" -{size}"), ("minus zero", " -0"),
                        ("hexadecimal", f" {size:#x}"),
                        ("octal", f" {size:#o}"), ("letters", " abc"), ("digits and letters", f" {size}x"),
                        ("a fraction", f" {size}.0"),
                        ("an exponent", f" {size}e0"), ("an underscore", f" {size // 10}_{size % 10}"),
                        ("a space inside", f" {size} {size}"),
                        ("a list of two", f" {size}, {size + 1}"), ("a list of two, the smaller first", f" 0, {size}"),
                        ("quoted", f' "{size}"'), ("a semicolon", f" {size};x"),
                        ("digits of another script", f" {size}\xb2"),
                        ("a NUL after it", f" {size}\0"), ("a vertical tab before it", f" \x0b{size}")):
        add(name, value)
    add("empty", "", "400,411 closed or silent")
    add("only a comma", " ,", DROPPED)
    add("a comma after it", f" {size},", DROPPED)
    add("identical twice in a list", f" {size}, {size}", EITHER, "9110 8.6", smuggling=False)
    add("leading zeros", f" 00{size}", EITHER, "9110 8.6", smuggling=False)
    add("beyond 64 bits", " 18446744073709551617", "400,413 closed", "9110 8.6")
    add("2^64 more", f" {(1 << 64) + size}", "400,413 closed", "9110 8.6")
    add("99 digits", f" {'9' * 99}", "400,413 closed", "9110 8.6")
    for name, values in (("twice, differing", (size, size + 1)), ("twice, the smaller first", (0, size)),
                         ("three times", (size, size, 0))):
        r.add("length", name, "9112 6.3", r.post(*(f"Content-Length: {value}" for value in values), body=r.site.body +
                                                 r.smuggled), REFUSED,
              smuggling=True)
    r.add("length", "twice, identical", "9110 8.6", r.post(r.length(), r.length(), body=r.site.body), EITHER)
    r.add("length", "zero, and a request after it", "9112 6.2", r.get("Content-Length: 0") + r.smuggled, "2xx open",
          replies=2)
    r.add("length", "two zeros", "9110 8.6", r.get("Content-Length: 00"), EITHER)
    r.add("length", "a space before the colon", "9112 5.1", r.post(f"Content-Length : {size}", body=r.site.body),
          REFUSED, smuggling=True)
    r.add("length", "folded", "9112 5.2", r.post(f"Content-Length:\r\n {size}", body=r.site.body),
          "400 closed or 2xx open")
    r.add("length", "an underscore in the name", "9110 5.1", r.get(f"Content_Length: {len(r.smuggled)}") + r.smuggled,
          "2xx open or 400 closed", replies=2)


def codings(r):
    def add(name, *lines, want=REFUSED, section="9112 6.1", body=None, smuggling=True, line=None, **options):
        body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(r.site.body), r.site.body) if body is None else body
        r.add("coding", name, section, r.head(line or f"POST {r.site.post} HTTP/1.1", *lines) + body, want,
              smuggling=smuggling, **options)
    add("chunked", "Transfer-Encoding: chunked", want=SERVED, smuggling=False)
    add("in capitals", "TRANSFER-ENCODING: CHUNKED", want=SERVED, section="9112 7", smuggling=False)
    add("a tab before it", "Transfer-Encoding:\tchunked", want=SERVED, section="9110 5.5", smuggling=False)
    add("a space after it", "Transfer-Encoding: chunked ", want=EITHER, section="9110 5.5", smuggling=False)
    unknown = "400,501 closed"
    for value in ("gzip", "identity", "xchunked", "chunkedx", "chunked x", "chunk", "cow", "chunked, identity",
                  "identity, chunked",
                  "chunked, gzip", "gzip, chunked", "chunked, chunked", "chunked;q=1", '"chunked"', "'chunked'",
                  "chunked\x0b",
                  "\x0bchunked", "chunked\x0c", "chunked\0", "chunked\x01", "\xa0chunked", "chun\xd4ked",
                  "chunked,,cow", "", ","):
        add(f"{value!r}", f"Transfer-Encoding: {value}",
            want="400,411,501 closed or silent" if value in ("", ",") else unknown)
    add("'chunked,'", "Transfer-Encoding: chunked,", want="2xx open or 400,501 closed", section="9110 5.6.1",
        smuggling=False)
    add("', chunked'", "Transfer-Encoding: , chunked", want="2xx open or 400,501 closed", section="9110 5.6.1",
        smuggling=False)
    add("twice", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked", want=unknown)
    add("twice, the second unknown", "Transfer-Encoding: chunked", "Transfer-Encoding: cow", want=unknown)
    add("twice, the first unknown", "Transfer-Encoding: cow", "Transfer-Encoding: chunked", want=unknown)
    add("a space before the colon", "Transfer-Encoding : chunked", want=REFUSED, section="9112 5.1")
    add("a tab before the colon", "Transfer-Encoding\t: chunked", want=REFUSED, section="9112 5.1")
    add("folded", "Transfer-Encoding:\r\n chunked", want="400,501 closed or 2xx open", section="9112 5.2",
        smuggling=False)
    add("on a folded line", "X: y\r\n Transfer-Encoding: chunked", r.length(), body=r.site.body,
        want="400 closed or 2xx open", section="9112 5.2", smuggling=False)
    add("a bare line feed before the name", "X: y\nTransfer-Encoding: chunked", r.length(), want="400 closed or silent",
        section="9112 2.2")
    add("a NUL in the name", "Transfer-Enco\0ding: chunked", want=DROPPED, section="9110 5.1")
    add("an underscore in the name", "Transfer_Encoding: chunked", r.length(), body=r.site.body, want=EITHER,
        section="9110 5.1", smuggling=False)
    add("of HTTP/1.0", "Transfer-Encoding: chunked", want="400,411,501 closed or silent",
        line=f"POST {r.site.post} HTTP/1.0")
    add("of HTTP/1.0 that keeps alive", "Transfer-Encoding: chunked", "Connection: keep-alive",
        want="400,411,501 closed or silent",
        line=f"POST {r.site.post} HTTP/1.0")


def smuggled_requests(r):
    """Both framings at once: RFC 9112, 6.1 requires at least that the connection is closed after it; bytes after it
    are not a request."""
    want = "400,411,422,501 closed or silent or 2xx closed"   # 422: an origin did not get the body that it expects
    strict = "400,411,501 closed or silent"
    inner = b"0\r\n\r\n" + r.smuggled
    outer = b"%x\r\n%b\r\n0\r\n\r\n" % (len(r.smuggled), r.smuggled)
    both = f"Content-Length: {len(inner)}"
    for name, lines, body, allowed in (
            ("length, then chunked: the length hides a request", (both, "Transfer-Encoding: chunked"), inner, want),
            ("chunked, then length: the length hides a request", ("Transfer-Encoding: chunked", both), inner, want),
            ("chunks hide a request", ("Content-Length: 4", "Transfer-Encoding: chunked"), outer, want),
            ("chunks hide a request, the coding first", ("Transfer-Encoding: chunked", "Content-Length: 4"), outer,
             want),
            ("the length is zero", ("Content-Length: 0", "Transfer-Encoding: chunked"), outer, want),
            ("one byte too many", ("Content-Length: 6", "Transfer-Encoding: chunked"), b"0\r\n\r\nG", want),
            ("a plus in the length", (f"Content-Length: +{len(inner)}", "Transfer-Encoding: chunked"), inner, want),
            ("letters in the length", (f"Content-Length: {len(inner)}x", "Transfer-Encoding: chunked"), inner, want),
            ("two lengths", (both, "Content-Length: 5", "Transfer-Encoding: chunked"), inner, strict),
            ("capitals", (both, "Transfer-Encoding: Chunked"), inner, want),
            ("a space after the coding", (both, "Transfer-Encoding: chunked "), inner, want),
            ("a tab before the coding", (both, "Transfer-Encoding:\tchunked"), inner, want),
            ("an empty element before the coding", (both, "Transfer-Encoding: , chunked"), inner, want),
            ("an empty element after the coding", (both, "Transfer-Encoding: chunked,"), inner, want),
            ("an unknown coding", (both, "Transfer-Encoding: xchunked"), inner, strict),
            ("identity", (both, "Transfer-Encoding: identity"), inner, strict),
            ("two codings", (both, "Transfer-Encoding: chunked", "Transfer-Encoding: identity"), inner, strict),
            ("a vertical tab before the coding", (both, "Transfer-Encoding: \x0bchunked"), inner, strict),
            ("a space before the colon", (both, "Transfer-Encoding : chunked"), inner, strict),
            ("a folded coding", (both, "Transfer-Encoding:\r\n chunked"), inner, want),
            ("a coding named by Connection", (both, "Connection: Transfer-Encoding", "Transfer-Encoding: chunked"),
             inner, want)):
        r.add("both framings", name, "9112 6.1", r.post(*lines, body=body), allowed, smuggling=True)
    r.add("both framings", "of HEAD", "9112 6.1",
          r.head(f"HEAD {r.site.get} HTTP/1.1", both, "Transfer-Encoding: chunked") +
          inner, want,
          smuggling=True, bodiless=True)
    r.add("both framings", "of OPTIONS, folded", "9112 5.2", r.head("OPTIONS * HTTP/1.1", both,
                                                                    "Transfer-Encoding:\r\n chunked") + inner,
          "400,404,405,411,501 closed or silent or 2xx closed", smuggling=True)


def chunks(r):
    def add(name, body, want=DROPPED, section="9112 7.1", smuggling=True, **options):
        r.add("chunked", name, section, r.chunked(body), want, smuggling=smuggling, **options)
    body = r.site.body
    size, half = b"%x" % len(body), len(body) // 2
    end = b"0\r\n\r\n"
    whole = size + b"\r\n" + body + b"\r\n"
    ok = {"want": SERVED, "smuggling": False}
    add("one chunk", whole + end, **ok)
    add("two chunks", b"%x\r\n%b\r\n%x\r\n%b\r\n" % (half, body[:half], len(body) - half, body[half:]) + end, **ok)
    add("a chunk for each byte", b"".join(b"1\r\n%c\r\n" % byte for byte in body) + end, **ok)
    add("capital digits", size.upper() + whole[len(size):] + end, **ok)
    add("leading zeros", b"000" + whole + end, **ok)
    add("five zeros at the end", whole + b"00000\r\n\r\n", **ok)
    add("an extension", size + b";a" + whole[len(size):] + end, section="9112 7.1.1", **ok)
    add("extensions with values", size + b';a=b;c="d;\\"e"' + whole[len(size):] + end, section="9112 7.1.1", **ok)
    add("an extension of the last chunk", whole + b"0;a=b\r\n\r\n", section="9112 7.1.1", **ok)
    add("a space before an extension", size + b" ;a=b" + whole[len(size):] + end, EITHER, "9112 7.1.1", smuggling=False)
    for name, digits in (("a prefix of 0x", b"0x" + size), ("an underscore", b"0_" + size), ("a plus", b"+" + size),
                         ("a minus", b"-" + size),
                         ("a space before", b" " + size), ("a space after", size + b" "), ("a tab after", size + b"\t"),
                         ("a letter", b"g"), ("no digit", b""), ("a NUL after", size + b"\0"),
                         ("a comma", size + b",1"),
                         ("a point", size + b".0"), ("more than 64 bits", b"1" + b"0" * 14 + size),
                         ("128 bits", b"f" * 32),
                         ("a hash", size + b"#"), ("non-ASCII bytes", size + b"\xe9")):
        add(f"size: {name}", digits + whole[len(size):] + end)
    for name, extension in (("without a name", b";"), ("without a name, then one", b";;a"), ("a bracket", b";["),
                            ("a NUL", b";a\0"),
                            ("a control character", b";a=\x01"), ("a carriage return", b";a\rb"),
                            ("an unterminated quotation", b';a="b'),
                            ("no value", b";a="), ("a request inside a carriage return", b";\rGET / HTTP/1.1\r")):
        add(f"extension: {name}", size + extension + whole[len(size):] + end, section="9112 7.1.1")
    add("extension: a line feed", size + b";a\nb" + whole[len(size):] + end, section="9112 2.2")
    add("a line feed after the size", whole.replace(b"\r\n", b"\n", 1) + end, DROPPED + " or 2xx open", "9112 2.2",
        smuggling=False)
    add("a carriage return after the size", whole.replace(b"\r\n", b"\r", 1) + end, section="9112 2.2")
    add("a line feed after the data", whole[:-2] + b"\n" + end, DROPPED + " or 2xx open", "9112 2.2", smuggling=False)
    add("nothing after the data", whole[:-2] + end)
    add("a space after the data", whole[:-2] + b" \r\n" + end)
    add("more data than the size says", whole[:-2] + b"XX\r\n" + end)
    add("less data than the size says", b"%x\r\n" % (len(body) + 2) + whole[len(size) + 2:] + end)
    add("an empty line before the size", b"\r\n" + whole + end)
    add("an empty line after the data", whole + b"\r\n" + end)
    add("a line feed for the last line", whole + b"0\r\n\n", DROPPED + " or 2xx open", "9112 2.2", smuggling=False)
    add("a carriage return for the last line", whole + b"0\r\n\r" + r.smuggled, section="9112 2.2")
    add("the last chunk's zero with a plus", whole + b"+0\r\n\r\n")
    add("extensions of 100,000 bytes", size + b";a=" + b"b" * 100000 + whole[len(size):] + end,
        "400,413,431 closed or silent", "9112 7.1.1")


def trailers(r):
    def add(name, lines, want=SERVED, section="9112 7.1.2", **options):
        data = r.chunked(b"%x\r\n%b\r\n0\r\n%b\r\n\r\n" % (len(r.site.body), r.site.body, lines))
        r.add("trailer", name, section, data, want, **options)
    add("a field", b"X-Sum: abc")
    add("two fields", b"X-Sum: abc\r\nX-More:")
    for name in (b"Content-Length: 999", b"Transfer-Encoding: chunked", b"Host: evil.test", b"Authorization: Bearer x",
                 b"Content-Type: text/plain", b"Connection: close"):
        add(name.split(b":")[0].decode(), name, "2xx open or 400 closed", "9110 6.5.1")
    add("no colon", b"X-Sum", DROPPED, "9112 5", smuggling=True)
    add("no name", b": abc", DROPPED, "9112 5", smuggling=True)
    add("a space before the colon", b"X-Sum : abc", DROPPED, "9112 5.1", smuggling=True)
    add("a space in the name", b"X Sum: abc", DROPPED, "9112 5.1", smuggling=True)
    add("a NUL", b"X-Sum: a\0c", DROPPED, "9110 5.5", smuggling=True)
    add("a carriage return", b"X-Sum: a\rb", DROPPED, "9112 2.2", smuggling=True)
    add("folded", b"X-Sum: a\r\n b", DROPPED + " or 2xx open", "9112 5.2")
    add("a request", b"GET / HTTP/1.1", DROPPED, "9112 5", smuggling=True)
    add("100,000 bytes", b"X-Sum: " + b"a" * 100000, "2xx any or 400,413,431 closed or silent", "9110 5.4")
    add("10,000 fields", b"\r\n".join([b"X: a"] * 10000), "2xx any or 400,413,431 closed or silent", "9110 5.4")


def connections(r):
    def add(name, *lines, want=SERVED, section="9112 9.6"):
        r.add("connection", name, section, r.get(*lines), want)
    add("kept by default", section="9112 9.3")
    add("close", "Connection: close", want=LAST)
    add("close in upper case", "Connection: CLOSE", want=LAST)
    add("close in a list", "Connection: x, close", want=LAST)
    add("close in a second field", "Connection: x", "Connection: close", want=LAST)
    add("close and keep-alive", "Connection: keep-alive, close", want=LAST)
    add("a word that contains close", "Connection: closed, enclose")
    add("keep-alive", "Connection: keep-alive", section="9112 9.3")
    add("empty", "Connection:", section="9110 7.6.1")
    add("it names Host", "Connection: Host", section="9110 7.6.1", want="2xx open or 400 closed")
    r.add("connection", "kept after an unknown path", "9112 9.3", r.head("GET /no-such-path HTTP/1.1"),
          "404 open or 403,404 any")
    r.add("connection", "kept after a wrong method", "9112 9.3", r.head(f"PUT {r.site.get} HTTP/1.1"),
          "405 open or 403,405,501 any")


def pipelines(r):
    two = r.get() + r.get()
    r.add("pipeline", "two", "9112 9.3.2", two, SERVED, replies=2)
    r.add("pipeline", "twenty", "9112 9.3.2", r.get() * 20, SERVED, replies=20)
    r.add("pipeline", "a body between two", "9112 9.3.2", r.get() + r.post(r.length(), body=r.site.body) + r.get(),
          SERVED, replies=3)
    r.add("pipeline", "chunks between two", "9112 9.3.2",
          r.get() + r.chunked(b"%x\r\n%b\r\n0\r\n\r\n" % (len(r.site.body), r.site.body)) + r.get(), SERVED, replies=3)
    r.add("pipeline", "an empty line between two", "9112 2.2", r.get() + b"\r\n" + r.get(), SERVED, replies=2)
    r.add("pipeline", "nothing after one that closes", "9112 9.6", r.get("Connection: close") + r.get(), LAST)
    r.add("pipeline", "nothing after an invalid request", "9112 9.6", b"GET\r\n\r\n" + r.get(), REFUSED)
    r.add("pipeline", "nothing after an invalid length", "9112 6.3", r.post("Content-Length: x") + r.get(), REFUSED,
          smuggling=True)
    r.add("pipeline", "nothing after invalid chunks", "9112 7.1", r.chunked(b"z\r\n") + r.get(), DROPPED,
          smuggling=True)


def expectations(r):
    body = r.site.body
    r.add("expect", "100-continue, the body with it", "9110 10.1.1",
          r.post(r.length(), "Expect: 100-continue", body=body), SERVED,
          interim=True)
    r.add("expect", "in capitals", "9110 10.1.1", r.post(r.length(), "Expect: 100-CONTINUE", body=body), SERVED,
          interim=True)
    r.add("expect", "without a body", "9110 10.1.1", r.get("Expect: 100-continue"), SERVED, interim=True)
    r.add("expect", "of HTTP/1.0: no 100", "9110 10.1.1", r.post(r.length(), "Expect: 100-continue", body=body,
                                                                 version="HTTP/1.0"), LAST)
    r.add("expect", "something else", "9110 10.1.1", r.get("Expect: a-miracle"), "2xx open or 417 any")
    r.add("expect", "another expectation, with a body", "9110 10.1.1",
          r.post(r.length(), "Expect: a-miracle", body=body), "2xx open or 417 closed")


def upgrades(r):
    key = ("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "Sec-WebSocket-Version: 13")
    for name, data in (("WebSocket", r.get("Connection: Upgrade", "Upgrade: websocket", *key)),
                       ("without Connection", r.get("Upgrade: websocket", *key)),
                       ("a version that does not exist", r.get("Connection: Upgrade", "Upgrade: websocket", key[0],
                                                       "Sec-WebSocket-Version: 99")),
                       ("an unknown protocol", r.get("Connection: Upgrade", "Upgrade: made-up/1.0")),
                       ("to HTTP/2", r.get("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c",
                                           "HTTP2-Settings: AAMAAABkAAQAAP__"))):
        r.add("upgrade", name, "9110 7.8", data, "2xx open or 400,426 any" + (" or 101" if name == "to HTTP/2" else ""))
    r.add("upgrade", "of HTTP/1.0: ignored", "9110 7.8", r.get("Connection: Upgrade", "Upgrade: websocket", *key,
                                                               version="HTTP/1.0"), LAST)
    r.add("upgrade", "with POST", "6455 4.1", r.post(r.length(), "Connection: Upgrade", "Upgrade: websocket", *key,
                                                     body=r.site.body),
          "2xx open or 400,405,426 any")


def limits(r):
    too_large = "400,413,431 closed or silent"
    r.add("limit", "60 fields", "9110 5.4", r.get(*(f"X-{n}: y" for n in range(60))), SERVED)
    r.add("limit", "10,000 fields", "9110 5.4", r.get(*(f"X-{n}: y" for n in range(10000))), too_large)
    r.add("limit", "a field of 4,000 bytes", "9110 5.4", r.get("X: " + "y" * 4000), SERVED)
    r.add("limit", "a field of 100,000 bytes", "9110 5.4", r.get("X: " + "y" * 100000), too_large)
    r.add("limit", "a name of 100,000 bytes", "9110 5.4", r.get("X" * 100000 + ": y"), too_large)
    r.add("limit", "a length of 2^32 + 1", "9110 8.6",
          r.post(f"Content-Length: {(1 << 32) + len(r.site.body)}", body=r.site.body), "400,408,413 closed or silent",
          ends=True)
    r.add("limit", "a length of a terabyte", "9110 15.5.14", r.post(f"Content-Length: {1 << 40}"),
          "400,413 closed or silent", ends=True)


def unfinished(r):
    body = r.site.body
    for name, data, section in (
            ("nothing", b"", "9112 2.2"), ("half a request line", b"GET /", "9112 2.2"),
            ("half a head", r.get()[:-2], "9112 8"),
            ("half a body", r.post(r.length(), body=body[:5]), "9112 6.3"), ("no body", r.post(r.length()), "9112 6.3"),
            ("half a chunk", r.chunked(b"%x\r\n%b" % (len(body), body[:5])), "9112 8"),
            ("no last chunk", r.chunked(b"%x\r\n%b\r\n" % (len(body), body)), "9112 8"),
            ("unfinished trailers", r.chunked(b"%x\r\n%b\r\n0\r\n" % (len(body), body)), "9112 8")):
        r.add("unfinished", name, section, data, UNFINISHED, ends=True)


def meanings(r):
    r.add("meaning", "POST without framing has no body", "9112 6.3", r.head(f"POST {r.site.post} HTTP/1.1"),
          "2xx,400,411,422 any")
    r.add("meaning", "Range is ignored for POST", "9110 14.2", r.post(r.length(), "Range: bytes=0-3", body=r.site.body),
          SERVED)
    r.add("meaning", "an invalid Range is ignored", "9110 14.2", r.get("Range: bytes=x-y"), "2xx open or 416 open")
    r.add("meaning", "an unknown type in Accept", "9110 12.5.1", r.get("Accept: x/y"), "2xx open or 406 open")
    r.add("meaning", "an invalid date is ignored", "9110 13.1.3", r.get("If-Modified-Since: yesterday"), SERVED)
