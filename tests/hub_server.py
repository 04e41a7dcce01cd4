"""The smallest Hub that the real huggingface_hub client can pull from and push to, on loopback.

`hf-local-hub` on PyPI (3.0.0) is a shell around a Go program that it does not bring along. This one
keeps all in memory, notes every request, and fails on demand.
"""

import base64
import hashlib
import json
import re
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

LARGE = (".safetensors", ".bin", ".pth", ".pt", ".ckpt", ".png", ".webp")
"""Files that the Hub keeps in LFS: by its default .gitattributes, and what is binary."""


class Request(NamedTuple):
    """One request as it came; range and authorization are "" where not sent."""

    method: str
    path: str
    range: str
    authorization: str


@dataclass
class Repo:
    """Commits by hash, each a snapshot of all files, and what branches and tags mean.

    asked: for what it was made.
    """

    private: bool = False
    gated: bool = False
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)
    asked: dict[str, str] = field(default_factory=dict)

    def commit(self, files: dict[str, bytes], branch: str, message: str = "") -> str:
        parts = "".join(f"{path}{_sha1(data)}" for path, data in sorted(files.items()))
        commit = _sha1(f"{len(self.commits)}{parts}".encode())
        self.commits[commit] = files
        self.refs[branch] = commit
        self.messages.append(message)
        return commit

    def resolve(self, revision: str) -> str | None:
        return revision if revision in self.commits else self.refs.get(revision)


@dataclass
class Fault:
    """What befalls the requests whose "METHOD /path" the pattern is found in."""

    where: str
    times: float
    status: int = 0
    code: str = ""
    message: str = ""
    after: int | None = None
    reset: bool = False
    silent: bool = False


class Server(ThreadingHTTPServer):
    """A Hub in memory.

    requests: all that came. bandwidth: bytes a second of a download; delay: seconds before every
    answer. token: what a login must send to see private repos and to write, or None for any.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.repos: dict[str, Repo] = {}
        self.stored: dict[str, bytes] = {}
        self.requests: list[Request] = []
        self.faults: list[Fault] = []
        self.bandwidth: float | None = None
        self.delay = 0.0
        self.token: str | None = None
        self.closing = threading.Event()

    @property
    def environment(self) -> dict[str, str]:
        """For a process that shall talk to this Hub: it speaks no Xet, which a client prefers."""
        return {"HF_ENDPOINT": self.url, "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}

    @property
    def downloads(self) -> list[str]:
        """Files that were sent, in order: "user/repo/file"."""
        got = [re.fullmatch(r"/(.+?)/resolve/[^/]+/(.+)", r.path) for r in self.gets]
        return [f"{match[1]}/{unquote(match[2])}" for match in got if match]

    @property
    def gets(self) -> list[Request]:
        return [request for request in self.requests if request.method == "GET"]

    def add(
        self,
        repo: str,
        files: dict[str, bytes],
        revision: str = "main",
        tags: tuple[str, ...] = (),
        gated: bool = False,
        private: bool = False,
    ) -> str:
        """Commit all files of a repo to a branch, tag it, and return the commit."""
        found = self.repos.setdefault(repo, Repo())
        found.gated, found.private = gated, private
        commit = found.commit(dict(files), revision)
        found.refs |= dict.fromkeys(tags, commit)
        return commit

    def files(self, repo: str, revision: str = "main") -> dict[str, bytes]:
        """What lies in a repo now."""
        found = self.repos[repo]
        return found.commits[found.resolve(revision)]

    def fail(self, where: str = "", times: float = float("inf"), **fault) -> None:
        """Let requests fail whose "METHOD /path" the pattern `where` is found in.

        status, code, message: the answer and its X-Error headers. after: break the connection
        after so many bytes of the body, or of what a PUT sends; reset: by a reset, not by an early
        end. silent: never answer. times: so often, then all is well again.
        """
        self.faults.append(Fault(where, times, **fault))

    def heal(self) -> None:
        """Take all faults away."""
        self.faults.clear()

    def fault(self, request: Request) -> Fault | None:
        for fault in self.faults:
            if fault.times > 0 and re.search(fault.where, f"{request.method} {request.path}"):
                fault.times -= 1
                return fault
        return None


class Handler(BaseHTTPRequestHandler):
    """The parts of the Hub's protocol that the client uses; repos of any kind lie together."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # Or each body would wait 40 ms for its head's receipt.
    server: Server

    def log_message(self, *args) -> None:
        """Nothing on stderr."""

    def answer(self) -> None:
        get = self.headers.get
        path = urlsplit(self.path).path
        request = Request(self.command, path, get("Range", ""), get("Authorization", ""))
        self.server.requests.append(request)
        fault = self.server.fault(request)
        if fault and fault.after is not None and self.command == "PUT":
            self.rfile.read(fault.after)
            return self.reset()
        self.body = self.rfile.read(int(get("Content-Length", 0)))
        self.broken = None
        time.sleep(self.server.delay)
        if fault:
            if fault.silent:
                self.server.closing.wait()
                self.close_connection = True
                return
            if fault.status:
                return self.refuse(fault.status, fault.code, fault.message)
            self.broken = fault
        for pattern, reply in ROUTES.items():
            if match := re.fullmatch(pattern, f"{self.command} {path}"):
                return reply(self, *map(unquote, match.groups()))
        self.refuse(404, "", f"{self.command} {path} is not served here")

    do_GET = do_HEAD = do_POST = do_PUT = answer  # noqa: N815

    def send(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.stream(memoryview(body))

    def stream(self, body: memoryview) -> None:
        """Write in pieces, as slowly as asked for, and break off where that is asked for."""
        broken, sent = self.broken, 0
        end = len(body) if not broken or broken.after is None else min(broken.after, len(body))
        step = 2**20 if not self.server.bandwidth else max(1, int(self.server.bandwidth / 20))
        try:
            while sent < end:
                piece = body[sent : min(end, sent + step)]
                self.wfile.write(piece)
                sent += len(piece)
                if self.server.bandwidth:
                    time.sleep(len(piece) / self.server.bandwidth)
        except OSError:  # The client went away.
            self.close_connection = True
        if end < len(body):
            self.close_connection = True
            if broken.reset:
                self.reset()

    def reset(self) -> None:
        self.close_connection = True
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.close()

    def json(self, values: object, status: int = 200) -> None:
        self.send(json.dumps(values).encode(), status)

    def refuse(self, status: int, code: str = "", message: str = "") -> None:
        more = {"X_Error_Code": code} if code else {}
        if message:
            more["X_Error_Message"] = message
        self.send(json.dumps({"error": message}).encode(), status, **more)

    def allowed(self) -> bool:
        sent = self.headers.get("Authorization", "").removeprefix("Bearer ")
        return bool(sent) and sent == (self.server.token or sent)

    def found(self, repo: str, revision: str) -> tuple[Repo, str] | None:
        """The repo and the commit, or None with the refusal sent."""
        known = self.server.repos.get(repo)
        if known is None or (known.private and not self.allowed()):
            # The Hub does not tell a stranger whether there is such a repo.
            self.refuse(404 if self.allowed() else 401, "RepoNotFound", "Repository not found")
            return None
        if (commit := known.resolve(revision)) is None:
            self.refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
            return None
        return known, commit

    def model_info(self, repo: str, revision: str = "main") -> None:
        if (found := self.found(repo, revision)) is None:
            return
        known, commit = found
        siblings = []
        for path, data in known.commits[commit].items():
            sibling = {"rfilename": path, "size": len(data), "blobId": _blob(data)}
            if path.endswith(LARGE):
                sibling["lfs"] = {"size": len(data), "sha256": _sha256(data), "pointerSize": 134}
            siblings.append(sibling)
        facts = {"private": known.private, "gated": "manual" if known.gated else False}
        self.json({"id": repo, "modelId": repo, "sha": commit, "siblings": siblings, **facts})

    def tree(self, repo: str, revision: str) -> None:
        if found := self.found(repo, revision):
            inside = found[0].commits[found[1]].items()
            self.json(
                [{"type": "file", "path": p, "size": len(d), "oid": _blob(d)} for p, d in inside]
            )

    def resolve(self, repo: str, revision: str, path: str) -> None:
        if (found := self.found(repo, revision)) is None:
            return
        known, commit = found
        if known.gated and not self.allowed():
            return self.refuse(403, "GatedRepo", "Access to this model is restricted.")
        data = known.commits[commit].get(path)
        if data is None:
            return self.refuse(404, "EntryNotFound", "Entry not found")
        oid = _sha256(data) if path.endswith(LARGE) else _blob(data)
        headers = {"X_Repo_Commit": commit, "ETag": f'"{oid}"', "Accept_Ranges": "bytes"}
        if path.endswith(LARGE):
            headers |= {"X_Linked_Etag": f'"{oid}"', "X_Linked_Size": str(len(data))}
        status, start = 200, 0
        if match := re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", "")):
            status, start = 206, int(match[1])
            headers["Content_Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        headers["Content_Type"] = "application/octet-stream"
        body = memoryview(data)[start:]
        self.send_response(status)
        for name, value in {**headers, "Content_Length": str(len(body))}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.stream(body)

    def create(self) -> None:
        if not self.allowed():
            return self.refuse(401, "", "Invalid credentials in Authorization header")
        asked = json.loads(self.body)
        repo = f"{asked.get('organization') or 'tester'}/{asked['name']}"
        if repo in self.server.repos:
            return self.refuse(409, "", "You already created this model repo")
        private = asked.get("visibility") == "private"
        known = self.server.repos[repo] = Repo(private=private, asked=asked)
        known.commit({".gitattributes": b"*.safetensors filter=lfs\n"}, "main", "initial commit")
        self.json({"url": f"{self.server.url}/{repo}", "name": repo, "id": repo})

    def writable(self, repo: str, revision: str) -> tuple[Repo, str] | None:
        if not self.allowed():
            self.refuse(401, "", "Invalid credentials in Authorization header")
            return None
        return self.found(repo, revision)

    def preupload(self, repo: str, revision: str) -> None:
        if (found := self.writable(repo, revision)) is None:
            return
        known, commit = found
        files = []
        for file in json.loads(self.body)["files"]:
            there = known.commits[commit].get(file["path"])
            large = file["path"].endswith(LARGE) or file["size"] > 10 * 2**20
            oid = there and (_sha256(there) if large else _blob(there))
            mode = "lfs" if large else "regular"
            files.append(
                {"path": file["path"], "uploadMode": mode, "shouldIgnore": False, "oid": oid}
            )
        self.json({"files": files})

    def lfs_batch(self, repo: str) -> None:
        if self.writable(repo, "main") is None:
            return
        objects = []
        for item in json.loads(self.body)["objects"]:
            answer = {"oid": item["oid"], "size": item["size"]}
            if item["oid"] not in self.server.stored:
                answer["actions"] = {"upload": {"href": f"{self.server.url}/lfs/{item['oid']}"}}
            objects.append(answer)
        self.json({"transfer": "basic", "objects": objects})

    def lfs_put(self, oid: str) -> None:
        if _sha256(self.body) != oid:
            return self.refuse(400, "", "The content is not what its name says")
        self.server.stored[oid] = self.body
        self.send(b"")

    def commit(self, repo: str, revision: str) -> None:
        if (found := self.writable(repo, revision)) is None:
            return
        known, before = found
        files, message = dict(known.commits[before]), ""
        for line in self.body.splitlines():
            item = json.loads(line)
            value = item["value"]
            if item["key"] == "header":
                message = value["summary"]
                if value.get("parentCommit", before) != before:
                    return self.refuse(412, "", "A commit has happened since")
            elif item["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif item["key"] == "lfsFile":
                files[value["path"]] = self.server.stored[value["oid"]]
            elif item["key"] == "deletedFile":
                del files[value["path"]]
        commit = known.commit(files, revision, message)
        url = f"{self.server.url}/{repo}/commit/{commit}"
        self.json({"success": True, "commitOid": commit, "commitUrl": url})

    def validate_yaml(self) -> None:
        self.json({"errors": [], "warnings": []})

    def whoami(self) -> None:
        if not self.allowed():
            return self.refuse(401, "", "Invalid credentials in Authorization header")
        self.json({"type": "user", "name": "tester", "orgs": []})


REPO = r"([^/]+/[^/]+)"
KIND = "(?:models|datasets|spaces)"
ROUTES = {
    rf"GET /api/{KIND}/{REPO}": Handler.model_info,
    rf"GET /api/{KIND}/{REPO}/revision/([^/]+)": Handler.model_info,
    rf"GET /api/{KIND}/{REPO}/tree/([^/]+)": Handler.tree,
    rf"(?:GET|HEAD) /(?:{KIND}/)?{REPO}/resolve/([^/]+)/(.+)": Handler.resolve,
    r"POST /api/repos/create": Handler.create,
    rf"POST /api/{KIND}/{REPO}/preupload/([^/]+)": Handler.preupload,
    rf"POST /(?:{KIND}/)?{REPO}\.git/info/lfs/objects/batch": Handler.lfs_batch,
    r"PUT /lfs/(\w+)": Handler.lfs_put,
    rf"POST /api/{KIND}/{REPO}/commit/([^/]+)": Handler.commit,
    r"POST /api/validate-yaml": Handler.validate_yaml,
    r"GET /api/whoami-v2": Handler.whoami,
}


# A real Hub knows the hashes of its files; this one remembers them, or each answer would take long.


@lru_cache(maxsize=256)
def _sha1(data: bytes) -> str:
    return hashlib.sha1(data).hexdigest()


@lru_cache(maxsize=256)
def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@lru_cache(maxsize=256)
def _blob(data: bytes) -> str:
    """The name that git gives a file."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


@contextmanager
def serve() -> Iterator[Server]:
    """A Hub on a free port of loopback, until the end of the block."""
    server = Server()
    thread = threading.Thread(target=server.serve_forever, args=[0.01], daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()
