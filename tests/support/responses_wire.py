"""The Responses API: replies of a mock upstream, and a check of the streams that the proxy writes."""
from mock_upstream import event, reply, stream

USAGE = {"input_tokens": 11, "input_tokens_details": {"cached_tokens": 4}, "output_tokens": 7,
         "output_tokens_details": {"reasoning_tokens": 2}, "total_tokens": 18}


def response(text="Hello.", status="completed", **fields):
    return {"id": "resp_mock", "object": "response", "created_at": 1, "model": "mock-model", "status": status,
            "output": [message(text)], "usage": USAGE, **fields}


def message(text):
    return {"type": "message", "id": "msg_mock", "role": "assistant", "status": "completed",
            "content": [{"type": "output_text", "text": text, "annotations": []}]}


def named(kind, **fields):
    """An event as OpenAI writes it: with its type as the name and in its data."""
    return event({"type": kind, **fields}, name=kind)


def created():
    return named("response.created", response=response(status="in_progress", output=[], usage=None))


def text_delta(text):
    return named("response.output_text.delta", item_id="msg_mock", output_index=0, content_index=0, delta=text)


def text_events(text):
    return [created(), named("response.output_item.added", output_index=0, item=message("")), text_delta(text),
            named("response.output_item.done", output_index=0, item=message(text))]


def text_stream(text):
    return stream(*text_events(text), named("response.completed", response=response(text)))


def whole(text="Hello."):
    return reply(body=response(text))


def stream_fault(events):
    """What is wrong with a stream of (name, data) pairs according to the documentation of the Responses API; None if
    nothing is. Checks the order of events, that each item opens and closes once, and that the pieces add up to the
    whole."""
    kinds = [data["type"] for _, data in events]
    if kinds[:1] != ["response.created"]:
        return f"begins with {kinds[:1]}"
    if kinds[-1] not in ("response.completed", "response.incomplete", "response.failed"):
        return f"ends with {kinds[-1]}"
    if sum(kind in ("response.completed", "response.incomplete", "response.failed") for kind in kinds) != 1:
        return "more than one end"
    for name, data in events:
        if name != data["type"]:
            return f"event {name} holds {data['type']}"
    numbers = [data["sequence_number"] for _, data in events]
    if numbers != list(range(len(numbers))):
        return f"sequence numbers {numbers}"
    if len({data["response"]["id"] for _, data in events if "response" in data}) != 1:
        return "the response changes its id"
    return _items_fault([data for _, data in events], kinds[-1])


def _items_fault(events, end):
    opened, closed, text = {}, {}, {}
    for data in events:
        kind, index = data["type"], data.get("output_index")
        if "item_id" in data and data["item_id"] != opened.get(index, {}).get("id"):
            return f"{kind} of item {index} has another id: {data['item_id']}"
        if kind == "response.output_item.added":
            if index in opened:
                return f"item {index} opens twice"
            opened[index] = data["item"]
        elif kind == "response.output_item.done":
            if index not in opened or index in closed:
                return f"item {index} closes twice, or before it opens"
            closed[index] = data["item"]
        elif kind in ("response.output_text.delta", "response.function_call_arguments.delta",
                      "response.custom_tool_call_input.delta"):
            if index not in opened or index in closed:
                return f"{kind} outside of item {index}"
            text[index] = text.get(index, "") + data["delta"]
    for index, item in closed.items():
        if item["type"] != opened[index]["type"] or item["id"] != opened[index]["id"]:
            return f"item {index} changes its type or id"
        if item["type"] in ("message", "function_call", "custom_tool_call") and index in text:
            if item_text(item) != text[index]:
                return f"item {index}: pieces {text[index]!r}, whole {item_text(item)!r}"
    if end == "response.completed" and set(opened) != set(closed):
        return f"items {set(opened) - set(closed)} never close"
    return None


def item_text(item):
    """The content of an item: a message's text, a call's arguments or input."""
    if item["type"] == "message":
        return "".join(part["text"] for part in item["content"])
    return item.get("arguments", item.get("input", ""))
