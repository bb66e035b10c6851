"""The part of Ollama's server that the command uses: GET /v1/models, POST /v1/chat/completions (streamed), POST
/api/pull."""
import http.server
import json
import sys
import threading

MODEL = "qwen2.5-coder:3b"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def reply(self, status, kind, pieces):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for piece in pieces:
            data = piece.encode()
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.write(b"0\r\n\r\n")

    def do_GET(self):
        models = [{"id": name, "object": "model"} for name in self.server.models]
        self.reply(200, "application/json", [json.dumps({"object": "list", "data": models})])

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append((self.path, asked))
        if self.path == "/api/pull":
            self.pull(asked["model"])
        else:
            self.chat()

    def pull(self, model):
        if self.server.refusal:
            self.reply(200, "application/x-ndjson", [json.dumps({"error": self.server.refusal}) + "\n"])
            return
        lines = [{"status": "pulling manifest"}]
        lines += [{"status": "pulling 4a188102020e", "digest": "sha256:4a", "total": 2000000000, "completed": done}
                  for done in (0, 500000000, 1000000000, 2000000000)]
        lines += [{"status": "verifying sha256 digest"}, {"status": "success"}]
        text = "".join(json.dumps(line) + "\n" for line in lines)
        self.server.models.append(model)
        self.reply(200, "application/x-ndjson", [text[:70], text[70:300], text[300:]])

    def chat(self):
        def event(delta, finish=None, **more):
            choice = {"index": 0, "delta": {"role": "assistant", "content": delta}, "finish_reason": finish}
            return "data: " + json.dumps({"object": "chat.completion.chunk", "choices": [choice], **more}) + "\n\n"
        usage = {"prompt_tokens": 7, "completion_tokens": len(self.server.answer),
                 "total_tokens": 7 + len(self.server.answer)}
        last = "data: " + json.dumps({"choices": [], "usage": usage}) + "\n\n"
        self.reply(200, "text/event-stream",
                   [*map(event, self.server.answer), event("", "stop"), last, "data: [DONE]\n\n"])


class Ollama(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port=0, models=(MODEL,), answer=("Clean ", "code:\n", "x = 1")):
        super().__init__(("127.0.0.1", port), Handler)
        self.models, self.answer, self.requests, self.refusal = list(models), answer, [], None
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def close(self):
        self.shutdown()
        self.server_close()


if __name__ == "__main__":   # run as the program `ollama`: PORT serve
    server = Ollama(int(sys.argv[1]), models=())
    threading.Event().wait()
