"""Values, routes and headers that nobody expects, at random; and the doors that events have.

Knows Gradio's routes by name, and the page by its config alone. Sends through a `Stranger`.
"""

import random
from collections.abc import Callable
from typing import TYPE_CHECKING

from bench.hostile.pictures import MARK, MARKUP
from bench.hostile.stranger import API, Stranger

if TYPE_CHECKING:
    from bench.hostile.host import Host

Task = tuple[str, Callable[[Stranger], object]]

KNOWN_SESSIONS: list[str] = []
"""Sessions of others, as if a stranger had learnt them."""

PATHS = [
    *("/etc/passwd", "../../../../../../etc/passwd", "..%2f..%2f..%2fetc%2fpasswd", "secret.txt"),
    *(
        "/proc/self/environ",
        "/dev/zero",
        "file:///etc/passwd",
        "~/secret.txt",
        "../home/secret.txt",
    ),
    *("http://127.0.0.1:1/x.png", "http://169.254.169.254/latest/meta-data/", "http://[::1]:1/"),
    *("\\\\host\\share\\x", "C:\\x", "%00", ".", "", "a" * 5000, f"/tmp/{MARK}", "app.py", "runs"),
]

NAMES = [
    *(
        "host/private",
        "stranger/repo-1@main",
        "a/b:../../x",
        "satellite2map",
        "user/repo@" + "f" * 40,
    ),
    *(
        "https://huggingface.co/../../x",
        "datasets/a/b",
        "host/private:gan",
        "-/-",
        "stranger/" + "x" * 300,
    ),
]

ODD = [
    *(None, True, False, 0, -1, 1, 2**31, 2**63, 10**30, -(10**30), 1e308, -0.0, 0.5, 40_000),
    *(
        float("nan"),
        float("inf"),
        float("-inf"),
        "",
        " ",
        "\0",
        "\ud800",
        "\u202e",
        MARKUP,
        "x" * 10**6,
    ),
    *(
        "9" * 5000,
        "xy",
        "yx",
        "both",
        "None",
        "__class__",
        "{{7*7}}",
        "${7*7}",
        "%s%s%n",
        "a\nb: c",
    ),
    *(
        [],
        {},
        [[]],
        [None],
        [0] * 10_000,
        {"a": {"b": [1]}},
        {"__proto__": {"x": 1}},
        [1, "a", None],
    ),
    *("@300 []@", "@100000 []@", "@300 {}@", {"__type__": "update", "value": "x", "choices": [1]}),
    *({"__type__": "update", "visible": MARKUP}, {"value": [1], "_type": "x"}, {"is_stream": True}),
    *([["a", "b"], ["c"]], {"headers": [1], "data": [[1]]}, "0" * 64, "2026-01-01-0000-x-0000"),
]


def value(r: random.Random, is_file: bool = False) -> object:
    drawn = r.random()
    if is_file or drawn < 0.2:
        path = r.choice(PATHS)
        one = {"path": path, "meta": {"_type": "gradio.FileData"}}
        more = {"url": path, "size": r.choice([0, -1, 10**30]), "orig_name": r.choice(PATHS)}
        one = r.choice([one, one | more, one | {"path": None, "url": path}, path, {"path": [path]}])
        return r.choice([one, [one], [one] * 50, {"a": one}])
    if drawn < 0.35:
        return r.choice(PATHS + NAMES)
    return r.choice(ODD)


def arguments(event: dict, stranger: Stranger, r: random.Random) -> list:
    """What the page holds, with some of it changed; or too few, too many, or all of them odd."""
    given = [stranger.values.get(number) for number in event["inputs"]]
    kinds = [stranger.parts.get(number, {}).get("type") for number in event["inputs"]]
    for _ in range(r.choice([1, 1, 2, len(given)])):
        if given:
            at = r.randrange(len(given))
            given[at] = value(r, kinds[at] in ("file", "image") and r.random() < 0.7)
    return r.choice([given] * 9 + [given[:-1], [*given, value(r)], [value(r) for _ in given]])


def event_data(r: random.Random) -> object:
    index = r.choice([0, 3, -1, 10**9, 10**30, 0.5, "0", "x", None, [0], {}, float("nan"), True])
    odd = r.choice([None, {}, [], "x", {"value": value(r)}, {"index": index, MARKUP: 1}])
    return r.choice([{"index": index}, {"index": index}, odd])


def queue_door(event: dict, r: random.Random) -> Task:
    def call(stranger: Stranger) -> None:
        stranger.fire(event, event_data(r), arguments(event, stranger, r))

    return f"queue {event['id']}", call


def direct_door(event: dict, r: random.Random) -> Task:
    """Past the queue, as Gradio offers it under several names."""

    def call(stranger: Stranger) -> None:
        body = stranger.body(event, event_data(r), arguments(event, stranger, r))
        if r.random() < 0.3:
            body["session_hash"] = r.choice([None, "", *KNOWN_SESSIONS[-20:], "x" * 9000, MARKUP])
        if r.random() < 0.2:
            odd = {"event_id": "x", "trigger_id": value(r), "batched": True, "simple_format": True}
            body |= dict([r.choice(list(odd.items()))])
        if r.random() < 0.1:
            body["fn_index"] = r.choice([-1, 10**9, None, "0", 0.5])
        name = r.choice(
            ["predict", "predict", event["api_name"] or "predict", "translate", "%2e%2e"]
        )
        door = r.choice(["run", "run", "api"])
        stranger.send("POST", f"{API}/{door}/{name}", body, f"{door}/{name} {event['id']}")

    return f"direct {event['id']}", call


def named_door(event: dict, r: random.Random) -> Task:
    """By name and number of a call; the names of private events, too."""

    def call(stranger: Stranger) -> None:
        name = r.choice([event["api_name"] or "translate", "translate", str(event["id"])])
        given: object = arguments(event, stranger, r)
        version = r.choice(["call", "call/v2"])
        if version == "call/v2":
            given = {r.choice(["image", "variant", "direction", MARKUP]): value(r) for _ in "abc"}
        body = {
            "data": given,
            "session_hash": r.choice([None, stranger.session, *KNOWN_SESSIONS[-9:]]),
        }
        answer = stranger.send("POST", f"{API}/{version}/{name}", body, f"{version}/{name}")
        if answer.status == 200:
            number = answer.text.split('"')[3] if answer.text.count('"') > 3 else "x"
            stranger.send("GET", f"{API}/{version}/{name}/{number}", asked=f"{version}/{name}/id")

    return f"named {event['id']}", call


GETS = [
    *(
        "/",
        "/config",
        "/?__theme=dark&deep_link={p}",
        "/config?deep_link={p}",
        "/?view={p}",
        "/{p}",
    ),
    *("/static/{p}", "/assets/{p}", "/svelte/{p}", "/favicon.ico", "/robots.txt", "/theme.css"),
    *("/manifest.json", "/pwa_icon", "/pwa_icon/{n}", "/monitoring", "/monitoring/summary"),
    *("/monitoring/{p}", "/login", "/logout", "/docs", "/redoc", "/openapi.json", "/file={p}"),
    *(f"{API}/{end}" for end in ("user", "login_check", "token", "app_id", "dev/reload", "info")),
    *(f"{API}/{end}" for end in ("info?all_endpoints=True", "info?serialize={n}", "openapi.json")),
    *(f"{API}/{end}" for end in ("deep_link?session_hash={s}", "deep_link", "theme.css", "runs")),
    *(
        f"{API}/{end}"
        for end in ("file={p}", "file/{p}", "proxy={p}", "startup-events", "queue/status")
    ),
    *(f"{API}/{end}" for end in ("stream/{s}/{n}/{n}/playlist.m3u8", "stream/{s}/{n}/{n}/{p}.ts")),
    *(f"{API}/{end}" for end in ("stream/{s}/{n}/{n}/playlist-file", "heartbeat/{s}")),
    *(f"{API}/{end}" for end in ("upload_progress?upload_id={s}", "queue/data?session_hash={s}")),
    *(f"{API}/{end}" for end in ("call/translate/{s}", "call/v2/translate/{s}", "vibe-code")),
    *(f"{API}/custom_component/{{n}}/{end}" for end in ("client/component/{p}", "server/x/{p}")),
    *(f"{API}/run-history/{end}" for end in ("buckets", "records", "records/{p}/{s}/assets/{n}")),
    *(f"{API}/profiling/{end}" for end in ("traces", "summary")),
]

POSTS: dict[str, list[str]] = {
    f"{API}/cancel": ["session_hash", "fn_index", "event_id"],
    f"{API}/reset": ["event_id"],
    f"{API}/component_server": ["component_id", "fn_name", "session_hash", "data"],
    f"{API}/component_server/": ["component_id", "fn_name", "session_hash", "data"],
    f"{API}/stream/x": ["data", "session_hash"],
    f"{API}/stream/x/close": [],
    f"{API}/queue/join": ["data", "fn_index", "session_hash", "event_data", "trigger_id"],
    f"{API}/vibe-edit": ["prompt"],
    f"{API}/vibe-code": ["code"],
    f"{API}/undo-vibe-edit": ["hash"],
    f"{API}/profiling/clear": [],
    f"{API}/run-history/connect": ["token"],
    "/login": ["username", "password"],
}

HEADERS = [
    *({"Host": "evil.example"}, {"Host": "127.0.0.1:1"}, {"Host": ""}, {"Host": "a" * 3000}),
    *({"X-Forwarded-Host": f'evil.example/"{MARKUP}'}, {"X-Forwarded-Proto": "javascript"}),
    *(
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Referer": MARKUP},
        {"Cookie": "a=" * 900},
    ),
    *({"Range": "bytes=0-,1-,2-"}, {"Range": "bytes=-1"}, {"Range": "bytes=9999999999999-"}),
    *({"Content-Type": "text/plain"}, {"Content-Type": "multipart/form-data"}, {"Accept": "\t"}),
    *({"Content-Type": "multipart/form-data; boundary=" + "x" * 300}, {"Content-Encoding": "gzip"}),
    *({"Authorization": "Basic !!!"}, {"Authorization": "Bearer " + "x" * 5000}, {"Expect": "x"}),
    *({"X-Gradio-User": "app"}, {"X-Zerogpu-Token": "x"}, {"Accept-Language": "x" * 20_000}),
]

METHODS = ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "POST", "GET", "BREW"]


def route(host: "Host", config: dict, r: random.Random) -> Task:
    """Any route but events', with values in its path or body, and sometimes odd in all else."""
    session = r.choice([*KNOWN_SESSIONS[-20:], "x", "../x", MARKUP[:20]])
    secrets = [host.folder / name / "secret.txt" for name in ("cwd", "home")]
    others = [host.folder / "tmp", host.folder / "log", host.folder / "cwd" / "runs" / "live"]
    paths = [*PATHS, *map(str, [*secrets, *others])]
    filled = {"p": r.choice(paths), "n": r.choice([0, -1, 10**30, "x"]), "s": session}
    more: dict = {"headers": r.choice([{}, {}, r.choice(HEADERS)])}
    body: object = None
    if (drawn := r.random()) < 0.5:
        method, path = "GET", r.choice(GETS).format(**filled)
    elif drawn < 0.85:
        method, path = "POST", r.choice(list(POSTS))
        known = {"session_hash": session, "component_id": r.choice(config["components"])["id"]}
        body = {name: r.choice([value(r), known.get(name, value(r))]) for name in POSTS[path]}
        texts = ["", "{", "[]", "null", '{"data":' * 10_000, "\xff", "x" * 10**6]
        body = r.choice([body] * 5 + texts)
    elif drawn < 0.93:
        method, path = (
            "POST",
            f"{API}/{r.choice(['upload', 'upload?upload_id=x', 'process_recording'])}",
        )
        name = r.choice(
            [f"../{MARK}.png", f"/tmp/{MARK}", "a" * 3000, "", ".", "\0", "a\r\nX: y", MARKUP]
        )
        field = r.choice(["files", "file", MARK])
        more["files"] = [(field, (name, r.randbytes(r.choice([0, 9, 10**6]))))] * r.choice(
            [1, 1, 1500]
        )
        more["headers"] = {}
    else:
        method, path = r.choice(METHODS), r.choice([*GETS, *POSTS]).format(**filled)
    path = path.replace("\0", "%00")
    return f"route {method} {path[:200]}", lambda stranger: stranger.send(
        method, path, body, **more
    )
