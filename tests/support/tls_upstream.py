"""The scripted provider behind TLS, over HTTP/2 or HTTP/1.1, by what the client and ALPN select. Replies are the
same steps as in mock_upstream.py; for HTTP/2 their bytes are parsed and framed again."""
import select
import socket
import ssl
import subprocess
import threading

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions

from mock_upstream import NOT_FOUND, PATIENCE_S, Request, Upstream, _perform

NAME = "provider.test"
# Providers' own hosts: tests reach the scripted provider by these names through a tunnel (tunnel_proxy.py, `to`).
HOSTS = ("api.openai.com", "api.x.ai", "openrouter.ai", "api.mistral.ai", "api.deepseek.com", "api.groq.com",
         "generativelanguage.googleapis.com")


def make_certificate(folder):
    """A certificate for this machine, signed by itself. Returns the paths of it and of its key."""
    certificate, key = folder / "authority.pem", folder / "authority.key"
    if certificate.exists():
        return certificate, key
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "2", "-subj", f"/CN={NAME}", "-addext",
                    "subjectAltName=IP:127.0.0.1,IP:0.0.0.0,DNS:localhost," + ",".join(f"DNS:{host}" for host in HOSTS),
                    "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return certificate, key


class TlsUpstream(Upstream):
    """`alpn`: its protocols, in order of preference; () for a server without ALPN. `trust`: the settings that make
    the proxy trust its certificate, which is in the folder."""

    def __init__(self, folder, alpn=("h2", "http/1.1"), version=ssl.TLSVersion.TLSv1_3):
        certificate = make_certificate(folder)
        self.trust = {"ssl_verify": str(certificate[0])}
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*certificate)
        self.context.maximum_version = version
        if alpn:
            self.context.set_alpn_protocols(list(alpn))
        self.handshakes = []    # for each connection: whether it resumed a session
        self.open = []          # the HTTP/2 connections
        self.hasty = False      # answers after the request's head, then resets the stream: it refuses the body
        super().__init__()
        self.base = f"https://127.0.0.1:{self.port}/v1"

    def _serve(self, connection):
        try:
            tls = self.context.wrap_socket(connection, server_side=True)
        except OSError:
            connection.close()
            return
        self._sockets.discard(connection)
        self._sockets.add(tls)
        self.handshakes.append(tls.session_reused)
        if tls.selected_alpn_protocol() == "h2":
            self.open.append(Connection(self, tls))
            self.open[-1].run()
        else:
            super()._serve(tls)

    def _takes_check(self, _connection, _request):
        return False    # preconnects are counted among the requests

    def _next_reply(self, request):
        return [NOT_FOUND] if request.method == "HEAD" else super()._next_reply(request)

    def calls(self):
        """The requests that expect an answer."""
        return [request for request in self.requests if request.method == "POST"]

    def disconnect(self):
        """Ends all connections, as a provider does with idle ones; over HTTP/2 with GOAWAY and TLS's close_notify."""
        while self.open:
            self.open.pop().end()
        for tls in list(self._sockets):
            try:
                tls.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Connection:
    """One HTTP/2 connection. Only this thread reads and writes it; the requests' threads change its state under the
    lock."""

    def __init__(self, owner, tls):
        self.owner, self.tls = owner, tls
        self.lock = threading.Lock()
        self.wake, self.waker = socket.socketpair()
        self.waker.setblocking(False)
        self.http = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        self.streams = {}
        self.out = b""
        self.ended = threading.Event()
        self.ending = False

    def run(self):
        self.tls.setblocking(False)
        self.http.initiate_connection()
        try:
            while self._write() or not self.ending:
                wants = [self.tls] if self.out else []
                ready, _, _ = select.select([self.tls, self.wake], wants, [])
                if self.wake in ready:
                    self.wake.recv(4096)
                if self.tls in ready and not self._read():
                    break
            self.tls.unwrap()
        except (OSError, ValueError, h2.exceptions.ProtocolError):
            pass
        finally:
            self.owner._sockets.discard(self.tls)
            for stream in list(self.streams.values()):
                stream.end()
            self.wake.close()
            self.waker.close()
            self.tls.close()
            self.ended.set()

    def end(self):
        with self.lock:
            self.http.close_connection()
            self.ending = True
        self.poke()
        self.ended.wait(PATIENCE_S)

    def _read(self):
        data = b""
        try:
            while piece := self.tls.recv(65536):
                data += piece
        except ssl.SSLWantReadError:
            pass
        else:
            if not data:
                return False
        with self.lock:
            for event in self.http.receive_data(data):
                self._take(event)
        return True

    def _take(self, event):
        if isinstance(event, h2.events.RequestReceived):
            self.streams[event.stream_id] = Stream(self, event.stream_id, dict(event.headers))
            if self.owner.hasty:
                self.owner._spawn(self.streams[event.stream_id].answer)
        elif isinstance(event, h2.events.PingAckReceived):
            self.http.reset_stream(int.from_bytes(event.ping_data, "big"), h2.errors.ErrorCodes.NO_ERROR)
        elif isinstance(event, (h2.events.DataReceived, h2.events.StreamEnded)) and (
                self.owner.hasty or event.stream_id not in self.streams):
            if isinstance(event, h2.events.DataReceived):
                # For the connection: other streams continue.
                self.http.increment_flow_control_window(event.flow_controlled_length)
        elif isinstance(event, h2.events.DataReceived):
            self.http.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            self.streams[event.stream_id].body += event.data
        elif isinstance(event, h2.events.StreamEnded):
            self.owner._spawn(self.streams[event.stream_id].answer)
        elif isinstance(event, h2.events.StreamReset) and event.stream_id in self.streams:
            self.streams.pop(event.stream_id).end()

    def _write(self):
        """Frames what the streams have and the windows allow, and writes it. Returns true if there is more to write."""
        with self.lock:
            for number, stream in list(self.streams.items()):
                while stream.pending and (room := min(self.http.local_flow_control_window(number),
                                                      self.http.max_outbound_frame_size)) > 0:
                    self.http.send_data(number, stream.pending[:room])
                    stream.pending = stream.pending[room:]
                stream.taken.set()
                if stream.complete and not stream.pending:
                    self.http.end_stream(number)
                    if self.owner.hasty:
                        self.http.ping(number.to_bytes(8, "big"))
                    del self.streams[number]
            self.out += self.http.data_to_send()
        try:
            while self.out:
                self.out = self.out[self.tls.send(self.out):]
        except (ssl.SSLWantWriteError, ssl.SSLWantReadError):
            pass
        return bool(self.out)

    def poke(self):
        try:
            self.waker.send(b"x")
        except (BlockingIOError, OSError):
            pass


class Stream:
    """One request; for the steps of its reply, also a connection's socket and reader."""

    def __init__(self, connection, number, fields):
        self.connection, self.number, self.fields = connection, number, fields
        self.body, self.pending, self.head = b"", b"", b""
        self.chunked = self.complete = False
        self.gone, self.taken = threading.Event(), threading.Event()

    def answer(self):
        fields = {name: value for name, value in self.fields.items() if not name.startswith(":")}
        request = Request(self.fields[":method"], self.fields[":path"], fields, self.body)
        request.gone = self.gone
        owner = self.connection.owner
        owner.requests.append(request)
        reply = owner._next_reply(request)
        owner._arrivals.put(request)
        try:
            alive = _perform(self, self, request, reply)
        except OSError:
            return
        if not alive and not self.gone.is_set():     # CLOSE, RESET
            with self.connection.lock:
                if self.connection.streams.pop(self.number, None):
                    self.connection.http.reset_stream(self.number)
            self.connection.poke()

    def end(self):
        self.gone.set()
        self.taken.set()

    # What _perform() needs of a socket and of its reader

    def sendall(self, data):
        """Sends bytes of an HTTP/1.1 reply; waits until the window has room for them."""
        while self.pending and not self.gone.is_set():
            self.taken.wait(0.5)
            self.taken.clear()
        with self.connection.lock:
            if self.gone.is_set() or self.number not in self.connection.streams:
                raise BrokenPipeError
            self._frame(data)
        self.connection.poke()

    def _frame(self, data):
        if self.head is not None:
            self.head += data
            if b"\r\n\r\n" not in self.head:
                return
            head, data = self.head.split(b"\r\n\r\n", 1)
            self.head = None
            lines = head.decode().split("\r\n")
            fields = [tuple(line.split(": ", 1)) for line in lines[1:]]
            self.chunked = any(name.lower() == "transfer-encoding" for name, _ in fields)
            self.left = next((int(value) for name, value in fields if name.lower() == "content-length"), None)
            self.rest = b""
            self.connection.http.send_headers(self.number, [(":status", lines[0].split(" ")[1])] + [
                (name.lower(), value) for name, value in fields
                if name.lower() not in ("transfer-encoding", "connection")])
        if self.chunked:
            self._take_chunks(data)
        else:
            self.pending += data
            self.left -= len(data)
            self.complete = self.left <= 0

    def _take_chunks(self, data):
        self.rest += data
        while b"\r\n" in self.rest:
            size, rest = self.rest.split(b"\r\n", 1)
            count = int(size, 16)
            if len(rest) < count + 2:
                return
            self.pending += rest[:count]
            self.rest = rest[count + 2:]
            self.complete |= count == 0

    def setsockopt(self, *_):
        pass

    def read(self, _):
        self.gone.wait()
