"""The results of bench/compare as Markdown tables and as a plot (SVG)."""
import math
import statistics

BASE = "nginx"
BEGIN, END = "<!-- bench/compare --write begins -->\n", "<!-- bench/compare --write ends -->\n"

REQUEST, EVENT = "CPU µs per request", "CPU µs per event"
PASSED, BRIDGED = f"Codex request, passed: {REQUEST}", f"Codex request, bridged: {REQUEST}"
STREAM, BRIDGED_STREAM = f"stream, 50 connections: {EVENT}", f"stream, bridged: {EVENT}"

PLOT = {"HAProxy": ("#9a6700", "#d29922"), "pointsman": ("#0969da", "#58a6ff"),
        "pointsman, libcurl": ("#8250df", "#bc8cff"),
        "LiteLLM": ("#cf222e", "#ff7b72")}   # colors for light and dark pages
ROW, LEFT, WIDTH, TOP = 30, 220, 800, 64


def in_pairs(samples, name, server, base, how):
    """Median, minimum and maximum of how(value, base's value), round by round: drift affects both values of a round."""
    values = samples[name]
    found = [how(a, b) for a, b in zip(values[server], values[base])]
    return statistics.median(found), min(found), max(found)


def ratios(samples, name, server):
    return in_pairs(samples, name, server, BASE, lambda a, b: a / b)


def servers_of(samples):
    return list(samples["ready after ms"])


def table(header, rows):
    lines = [header, *rows]
    marks = ["---"] + ["---:"] * (len(header) - 1)
    return "\n".join("| " + " | ".join(line) + " |" for line in [lines[0], marks, *lines[1:]])


def cpu_cell(samples, name, server):
    if server not in samples[name]:
        return "–"
    median = statistics.median(samples[name][server])
    if server == BASE:
        return f"{median:.1f} µs"
    middle, least, most = ratios(samples, name, server)
    return f"{median:.1f} µs, **{middle:.2f}** ({least:.2f}–{most:.2f})"


def cpu_table(samples):
    names = [name for name in samples if "CPU µs" in name]
    servers = servers_of(samples)
    rows = [[name.replace(": CPU µs", ":")] + [cpu_cell(samples, name, server) for server in servers] for name in names]
    return table(["CPU time", *servers], rows)


def added_cell(samples, name, server):
    if server not in samples[name]:
        return "–"
    if server == "direct":
        return f"{statistics.median(samples[name][server]):.0f} µs"
    middle, least, most = in_pairs(samples, name, server, "direct", lambda a, b: a - b)
    return f"{middle:+.0f} ({least:+.0f} … {most:+.0f})"


def latency_table(samples):
    names = [name for name in samples if name.endswith(("p50 µs", "p99 µs"))]
    servers = ["direct", *servers_of(samples)]
    rows = [[name.removesuffix(" µs")] + [added_cell(samples, name, server) for server in servers] for name in names]
    return table(["time to the whole reply", *servers], rows)


def size_cell(values):
    if not values:
        return "–"
    spread = f" ({min(values):.1f}–{max(values):.1f})" if len(values) > 1 else ""
    return f"{statistics.median(values):.1f}{spread}"


def size_table(samples):
    names = ["ready after ms", "RSS MB, idle", "RSS MB, after the work", "KB per idle stream"]
    rows = [[name] + [size_cell(samples[name].get(server)) for server in servers_of(samples)] for name in names]
    return table(["start and memory", *servers_of(samples)], rows)


def bars(samples):
    """(target, measured value, limit) of the proxy with its own transport."""
    def ratio(name):
        return ratios(samples, name, "pointsman")[0]

    def median(name):
        return statistics.median(samples[name]["pointsman"])

    added = in_pairs(samples, "chat, 1 connection: p50 µs", "pointsman", "direct", lambda a, b: a - b)[0]
    return [
        ("chat, 16 connections, CPU to nginx's", ratio(f"chat, 16 connections: {REQUEST}"), 1.3),
        ("chat, 128 connections, CPU to nginx's", ratio(f"chat, 128 connections: {REQUEST}"), 1.3),
        ("an event of a stream passed, CPU to nginx's", ratio(STREAM), 1.0),
        ("Codex request passed, CPU to nginx's", ratio(PASSED), 1.5),
        ("Codex request bridged, CPU to the same passed", median(BRIDGED) / median(PASSED), 2.5),
        ("an event bridged, µs of CPU over one passed", median(BRIDGED_STREAM) - median(STREAM), 4),
        ("added p50 at one connection, µs", added, 80),
        ("RSS idle, MB", median("RSS MB, idle"), 10),
        ("RSS per idle stream, KB", median("KB per idle stream"), 24),
        ("ready after, ms", median("ready after ms"), 50),
    ]


def bars_table(samples):
    """The number of missed targets, then all targets, the missed ones first."""
    rows = [[what, f"{found:.2f}", f"≤ {bar:g}", "yes" if found <= bar else "**no**"]
            for what, found, bar in sorted(bars(samples), key=lambda row: row[1] <= row[2])]
    missed = sum(row[-1] != "yes" for row in rows)
    return f"**{missed} of {len(rows)} targets are missed.**\n\n" + table(["target", "measured", "at most", "met"],
                                                                          rows)


def tables(samples):
    return "\n\n".join(make(samples) for make in (bars_table, cpu_table, latency_table, size_table))


class Axis:
    """A logarithmic axis from the minimum to the maximum ratio."""

    def __init__(self, values):
        ticks = [0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]
        self.low = max([tick for tick in ticks if tick <= min(values)], default=ticks[0])
        self.high = min([tick for tick in ticks if tick >= max(values)], default=ticks[-1])
        self.ticks = [tick for tick in ticks if self.low <= tick <= self.high]

    def x(self, value):
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return LEFT + share * (WIDTH - LEFT - 30)


def plot_style():
    light = "".join(f".s{n}{{fill:{colours[0]};stroke:{colours[0]}}}" for n, colours in enumerate(PLOT.values()))
    dark = "".join(f".s{n}{{fill:{colours[1]};stroke:{colours[1]}}}" for n, colours in enumerate(PLOT.values()))
    return ("<style>text{font:13px system-ui,sans-serif;fill:#1f2328;stroke:none}.back{fill:#fff}.grid{stroke:#d1d9e0}"
            ".one{stroke:#1f2328}.bar{stroke-width:2}" + light +
            "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.back{fill:#0d1117}.grid{stroke:#3d444d}"
            ".one{stroke:#e6edf3}" + dark + "}</style>")


def plot_row(samples, axis, name, y):
    label = name.replace(": CPU µs per request", "").replace(": CPU µs per event", ", event")
    shapes = [f'<text x="{LEFT - 12}" y="{y + 4}" text-anchor="end">{label}</text>']
    for number, server in enumerate(PLOT):
        if server not in samples[name]:
            continue
        middle, least, most = ratios(samples, name, server)
        height = y + (number - 1.5) * 5
        shapes += [f'<g class="s{number}"><title>{server}: {middle:.2f} ({least:.2f}–{most:.2f})</title>',
                   f'<path class="bar" d="M{axis.x(least):.1f} {height}H{axis.x(most):.1f}"/>',
                   f'<circle cx="{axis.x(middle):.1f}" cy="{height}" r="4"/></g>']
    return shapes


def plot(samples):
    names = [name for name in samples if "CPU µs" in name]
    shown = [server for server in PLOT if server in servers_of(samples)]
    axis = Axis([value for name in names for server in shown if server in samples[name]
                 for value in ratios(samples, name, server)])
    bottom = TOP + ROW * len(names)
    shapes = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom + 34}" role="img">',
              "<title>CPU time per request and event, as a ratio to nginx</title>", plot_style(),
              f'<rect class="back" width="{WIDTH}" height="{bottom + 34}"/>',
              '<text x="16" y="24">'
              'CPU time per request or event; nginx = 1; dot: median, line: minimum to maximum</text>']
    for place, server in enumerate(shown):
        x = LEFT + place * 140
        shapes.append(f'<circle class="s{list(PLOT).index(server)}" cx="{x}" cy="44" r="4"/>'
                      f'<text x="{x + 10}" y="48">{server}</text>')
    for tick in axis.ticks:
        shapes.append(f'<path class="{"one" if tick == 1 else "grid"}" d="M{axis.x(tick):.1f} {TOP - 6}V{bottom}"/>'
                      f'<text x="{axis.x(tick):.1f}" y="{bottom + 18}" text-anchor="middle">{tick:g}×</text>')
    for number, name in enumerate(names):
        shapes += plot_row(samples, axis, name, TOP + ROW * number + ROW // 2)
    return "\n".join([*shapes, "</svg>\n"])


def write(folder, samples, how):
    """Replaces the text between the marks in doc/performance.md, and the plot beside it."""
    page = folder / "performance.md"
    before, rest = page.read_text().split(BEGIN)
    after = rest.split(END)[1]
    page.write_text(before + BEGIN + "\n" + how + "\n\n" + tables(samples) + "\n\n" + END + after)
    (folder / "performance.svg").write_text(plot(samples))
