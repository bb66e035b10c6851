"""A small MCP server on standard input and output, for Codex CLI: `echo` returns a text, `picture` a text and an
image."""
import json
import sys

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

TOOLS = [
    {"name": "echo", "description": "Gives the text back.",
     "inputSchema": {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}},
    {"name": "picture", "description": "Gives a picture.", "inputSchema": {"type": "object", "properties": {}}},
]


def call(name, arguments):
    if name == "echo":
        return [{"type": "text", "text": "echo: " + arguments["text"]}]
    return [{"type": "text", "text": "a caption"}, {"type": "image", "data": PNG, "mimeType": "image/png"}]


def result(method, params):
    if method == "initialize":
        return {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}},
                "serverInfo": {"name": "small", "version": "1"}}
    if method == "tools/list":
        return {"tools": TOOLS}
    if method == "tools/call":
        return {"content": call(params["name"], params.get("arguments") or {})}
    return {}


def main():
    for line in sys.stdin:
        message = json.loads(line)
        if "id" in message:
            answer = {"jsonrpc": "2.0", "id": message["id"], "result": result(message["method"], message.get("params"))}
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
