"""A session in the shape of Codex's: ten requests, each with all of the conversation. The texts are made up."""
import http.client
import json

MODEL = "codex-default"
THREAD = "0198f2b0-5d1c-7c31-9d0e-2f6a3c4b5e6f"
TURNS = 10


def words(seed, count):
    """That many words, always the same for a seed."""
    state, out = seed * 2654435761 % 2 ** 32, []
    for _ in range(count):
        state = (state * 1664525 + 1013904223) % 2 ** 32
        out.append(("points", "signal", "station", "track", "wagon", "lever", "bridge", "timetable")[state >> 29])
    return " ".join(out)


INSTRUCTIONS = "You are a coding agent. " + words(1, 2200)
TOOLS = [{"type": "function", "name": f"tool_{n}", "description": words(100 + n, 120), "strict": False,
          "parameters": {"type": "object",
                         "properties": {"text": {"type": "string", "description": words(200 + n, 20)}},
                         "required": ["text"], "additionalProperties": False}} for n in range(12)]


def message(role, *texts):
    kind = "output_text" if role == "assistant" else "input_text"
    return {"type": "message", "role": role, "content": [{"type": kind, "text": text} for text in texts]}


BEGINNING = [message("developer", "<permissions>" + words(2, 150)),
             message("user", "<environment_context><cwd>/work</cwd></environment_context>"),
             message("user", "Mend the points of station twelve.")]
# What the model does in each turn: a number of tool calls, or a text. The third turn has more calls than the 20 blocks
# that Anthropic looks back.
STEPS = [1, 2, 25, 1, "The points are mended. " + words(3, 60), 1, 3, 1, 1, "All trains run."]
NEXT_PROMPT = "Now the signal, please."


def step(turn):
    """The model's answer: (text, [arguments of each call])."""
    what = STEPS[turn]
    return (what, []) if isinstance(what, str) else ("", [words(1000 + 50 * turn + n, 12) for n in range(what)])


def output_of(call, turn):
    """What a tool answers."""
    count = 60 if STEPS[turn] == 25 else 900
    return "Exit code: 0\nOutput:\n" + words(turn * 100 + call["arguments"].count("e"), count)


class Client:
    """Talks to a proxy as Codex does: streams, keeps the items of each reply, runs the calls."""

    def __init__(self, base, key):
        host = base.split("//")[1].split("/")[0]
        self.connection = http.client.HTTPConnection(host, timeout=60)
        self.key, self.items, self.bodies = key, list(BEGINNING), []

    def ask(self):
        """One request; returns the items of the reply."""
        body = {"model": MODEL, "instructions": INSTRUCTIONS, "input": self.items, "tools": TOOLS,
                "tool_choice": "auto", "parallel_tool_calls": True, "reasoning": None, "store": False, "stream": True,
                "include": ["reasoning.encrypted_content"], "prompt_cache_key": THREAD}
        self.bodies.append(json.loads(json.dumps(body)))
        self.connection.request("POST", "/v1/responses", json.dumps(body), {
            "Authorization": f"Bearer {self.key}", "Content-Type": "application/json", "Thread-Id": THREAD})
        reply = self.connection.getresponse()
        text = reply.read().decode()
        events = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: {")]
        if reply.status != 200 or not events or events[-1]["type"] != "response.completed":
            raise SystemExit(f"bench/cache: the request failed: {reply.status} {text[-600:]}")
        return [event["item"] for event in events if event["type"] == "response.output_item.done"]

    def run(self):
        """The whole session; returns its requests."""
        for turn in range(TURNS):
            items = self.ask()
            calls = [item for item in items if item["type"] == "function_call"]
            self.items += items
            self.items += [{"type": "function_call_output", "call_id": call["call_id"], "output": output_of(call, turn)}
                           for call in calls]
            if not calls:
                self.items.append(message("user", NEXT_PROMPT))
        self.connection.close()
        return self.bodies
