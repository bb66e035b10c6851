"""A small outbound proxy: CONNECT over HTTP or TLS, or SOCKS 5. It records its requests and every byte that it
carried."""
import base64
import select
import socket

from threaded_server import ThreadedServer


class TunnelProxy(ThreadedServer):
    """`status`: the reply to CONNECT, None to close; `login`: the "user:password" that it requires; `context`: for
    TLS; `socks`: it supports only SOCKS 5; `to`: the (host, port) that every tunnel leads to."""

    def __init__(self, status=200, login=None, context=None, socks=False, to=None):
        self.status, self.login, self.context, self.socks, self.to = status, login, context, socks, to
        self.requested = []             # "host:port" of each requested connection
        self.heads = []             # of each CONNECT, as received
        self.carried = b""          # to the servers
        self.address = f"127.0.0.1:{self._listen()}"

    @property
    def url(self):
        scheme = "socks5h" if self.socks else "https" if self.context else "http"
        return f"{scheme}://{self.address}"

    @property
    def url_with_login(self):
        return self.url.replace("://", f"://{self.login}@")

    def _serve(self, client):
        try:
            if self.context:
                client = self.context.wrap_socket(client, server_side=True)
            target = self._greet_socks(client) if self.socks else self._greet(client)
            if target:
                with socket.create_connection(self.to or target) as server:
                    self._sockets.add(server)
                    self._carry(client, server)
        except OSError:
            pass
        finally:
            client.close()

    def _greet(self, client):
        """(host, port) of a CONNECT that is granted."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            piece = client.recv(1)
            if not piece:
                return None
            head += piece
        self.heads.append(head.decode())
        method, target, _ = self.heads[-1].split(" ", 2)
        self.requested.append(target)
        status = self.status if method == "CONNECT" else 405
        if self.login and base64.b64encode(self.login.encode()).decode() not in self.heads[-1]:
            status = 407
        if status is None:
            return None
        fields = 'Proxy-Authenticate: Basic realm="x"\r\n' if status == 407 else ""
        client.sendall(f"HTTP/1.1 {status} Told\r\n{fields}Content-Length: 0\r\n\r\n".replace(
            "Content-Length: 0\r\n" if status == 200 else "\0", "").encode())
        host, port = target.rsplit(":", 1)
        return (host, int(port)) if status == 200 else None

    def _greet_socks(self, client):
        """RFC 1928, for names and IPv4, without a login."""
        _, count = client.recv(2)
        client.recv(count)
        client.sendall(b"\x05\x00")
        _, _, _, kind = client.recv(4)
        host = client.recv(client.recv(1)[0]).decode() if kind == 3 else socket.inet_ntoa(client.recv(4))
        port = int.from_bytes(client.recv(2), "big")
        self.requested.append(f"{host}:{port}")
        granted = self.status == 200
        client.sendall(bytes([5, 0 if granted else 2, 0, 1]) + bytes(6))
        return (host, port) if granted else None

    def _carry(self, client, server):
        while True:
            ready = [client] if self.context and client.pending() else select.select([client, server], [], [])[0]
            for source, sink in ((client, server), (server, client)):
                if source in ready:
                    data = source.recv(65536)
                    if not data:
                        return
                    if source is client:
                        self.carried += data
                    sink.sendall(data)
