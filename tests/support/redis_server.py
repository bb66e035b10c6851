"""A real redis-server on a port and in a folder of its own."""
import shutil
import socket
import subprocess

from basics import free_port, wait_until

BINARY = shutil.which("redis-server")


def encoded(words):
    parts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)


class Redis:
    def __init__(self, folder, *arguments, port=None, password=None):
        self.folder, self.password = folder, password
        if password:
            arguments += ("--requirepass", password)
        self.port = port or free_port()
        folder.mkdir(exist_ok=True)
        self.process = subprocess.Popen(
            [BINARY, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--logfile",
             folder / "log", *arguments], stdin=subprocess.DEVNULL)
        wait_until(self._answers, "Redis to answer")

    def _answers(self):
        try:
            return self.ask("PING")[:1] in (b"+", b"-")
        except OSError:
            return False

    def ask(self, *words):
        """Sends a command; the first bytes of the reply as Redis wrote them."""
        commands = [("AUTH", self.password), words] if self.password else [words]
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as sock:
            sock.sendall(b"".join(map(encoded, commands)))
            reader = sock.makefile("rb")
            return [self._reply(reader) for _ in commands][-1]

    def _reply(self, reader):
        line = reader.readline()
        if line[:1] == b"$" and line != b"$-1\r\n":
            return reader.read(int(line[1:]) + 2)[:-2]
        if line[:1] == b"*":
            return [self._reply(reader) for _ in range(int(line[1:]))]
        return line

    def names(self):
        return self.ask("KEYS", "*")

    def close(self):
        self.process.kill()
        self.process.wait()
