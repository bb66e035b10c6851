"""The work of bench/compare for each server: bodies, connections, numbers of requests."""
import base64

EVENTS_PER_STREAM = 200
EVENT_INTERVAL_US = 5000

MESSAGES = [{"role": "system", "content": "You are a helpful assistant."},
            {"role": "user", "content": "Say a sentence that holds every letter of the alphabet."}]
CHAT = {"model": "bench", "messages": MESSAGES, "temperature": 0.5}
STREAM = {**CHAT, "stream": True}
LINE = "Keep going until the task is resolved; say what you do and why, and check your work before you hand it over. "


def message(role, text):
    return {"type": "message", "role": role, "content": [{"type": "input_text", "text": text}]}


def codex_request():
    """A request of 45 KB as Codex sends it in the middle of a task: a long prompt, tools, calls and their outputs."""
    tool = {"type": "function", "description": LINE * 5, "strict": False, "parameters": {
        "type": "object", "properties": {f"argument_{n}": {"type": "string", "description": LINE} for n in range(6)},
        "required": ["argument_0"], "additionalProperties": False}}
    items = [message("developer", LINE * 190), message("user", LINE * 4)]
    for n in range(10):
        items += [{"type": "function_call", "call_id": f"call_{n}", "name": "tool_0",
                   "arguments": '{"argument_0":"ls"}'},
                  {"type": "function_call_output", "call_id": f"call_{n}", "output": (LINE + "\n") * 8}]
    return {"model": "bench", "input": items, "tools": [{**tool, "name": f"tool_{n}"} for n in range(8)],
            "tool_choice": "auto", "parallel_tool_calls": False, "store": False, "reasoning": {"summary": "auto"},
            "include": ["reasoning.encrypted_content"], "prompt_cache_key": "bench"}


def images_request():
    """The same with three screenshots as data URLs: 1 MB in total."""
    picture = "data:image/png;base64," + base64.b64encode(bytes(n * 2654435761 >> 13 & 255
                                                                for n in range(250_000))).decode()
    images = {"type": "message", "role": "user", "content": [{"type": "input_image", "image_url": picture}] * 3}
    return {**CODEX, "input": [*CODEX["input"], images]}


CODEX = codex_request()
IMAGES = images_request()
# The same request for an upstream that supports only Chat Completions; nginx passes it on unchanged.
BRIDGED = {"model": "bridged"}

# name: (path, body, connections, requests)
SCENARIOS = {
    "chat, 1 connection": ("/v1/chat/completions", CHAT, 1, 4000),
    "chat, 16 connections": ("/v1/chat/completions", CHAT, 16, 10000),
    "chat, 128 connections": ("/v1/chat/completions", CHAT, 128, 10000),
    "chat, 1,000 connections": ("/v1/chat/completions", CHAT, 1000, 10000),
    "stream, 50 connections": ("/v1/chat/completions", STREAM, 50, 150),
    "Codex request, passed": ("/v1/responses", CODEX, 16, 3000),
    "Codex request, bridged": ("/v1/responses", {**CODEX, **BRIDGED}, 16, 3000),
    "stream, bridged": ("/v1/responses", {**CODEX, **BRIDGED, "stream": True}, 50, 150),
    "1 MB with images, passed": ("/v1/responses", IMAGES, 16, 300),
    "1 MB with images, bridged": ("/v1/responses", {**IMAGES, **BRIDGED}, 16, 300),
}
