"""Common to the tests' own servers: a loopback port, a thread for each connection, and an end that leaves no thread
behind."""
import socket
import threading

PATIENCE_S = 30


def shut(connection):
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


class ThreadedServer:
    """A subclass has _serve(connection), and calls _listen() at the end of its constructor."""

    def _listen(self, host="127.0.0.1", port=0):
        """Its port."""
        self.connections = 0
        self._threads, self._sockets = [], set()
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, port), family=family, backlog=256)
        port = self._listener.getsockname()[1]
        self._spawn(self._accept)
        return port

    def close(self):
        # shutdown() wakes the thread that waits in accept(); close() alone does not.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._threads[0].join(PATIENCE_S)    # it may still add the last connection
        for connection in list(self._sockets):
            shut(connection)
        for thread in self._threads:
            thread.join(PATIENCE_S)
            assert not thread.is_alive(), f"the {type(self).__name__} hangs"

    def _spawn(self, function, *arguments):
        thread = threading.Thread(target=function, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._sockets.add(connection)
            self._spawn(self._serve, connection)
