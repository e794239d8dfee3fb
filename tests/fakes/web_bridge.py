"""The bridge as a browser sees it: a page with the phone, an address that starts a call, and the media websocket.

Real sockets; it speaks the wire of the `web` carrier and remembers what it was told.
"""

from __future__ import annotations

import asyncio
import json
import mimetypes
import socket
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn

Scope = dict[str, Any]


@dataclass
class WebBridge:
    """`page` is the HTML of `/`; `static` the folder of the built assets. `script` is what it sends once ready."""

    page: str
    static: Path
    script: list[bytes | dict[str, Any]] = field(default_factory=list)
    refuse: str = ""
    drop_after_start: int = 0
    posts: list[str] = field(default_factory=list)
    texts: list[dict[str, Any]] = field(default_factory=list)
    frames: list[bytes] = field(default_factory=list)
    sockets: int = 0
    port: int = 0

    def __post_init__(self) -> None:
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen()
        self.port = self.listener.getsockname()[1]
        self.server = uvicorn.Server(uvicorn.Config(self, log_level="error", lifespan="off", ws="websockets-sansio"))
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.listener]}, daemon=True)

    def __enter__(self) -> WebBridge:
        self.thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.server.should_exit = True
        self.thread.join(10)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def told(self, kind: str) -> list[dict[str, Any]]:
        return [text for text in self.texts if text["type"] == kind]

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await self.call(receive, send)
        else:
            await self.http(scope, receive, send)

    async def http(self, scope: Scope, receive: Any, send: Any) -> None:
        path, status, kind, body = scope["path"], 200, "text/html; charset=utf-8", self.page.encode()
        if scope["method"] == "POST":
            self.posts.append(path)
            kind = "application/json"
            answer = {"media": f"/media/web/{len(self.posts)}", "call_url": "/calls/1/", "resume": "/resume/"}
            status, body = (409, json.dumps({"error": self.refuse}).encode()) if self.refuse else (200, _json(answer))
        elif path.startswith("/static/"):
            file = self.static / path.removeprefix("/static/")
            status, body = (200, file.read_bytes()) if file.is_file() else (404, b"")
            kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
        headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def call(self, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        self.sockets += 1
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                return
            if message.get("bytes"):
                self.frames.append(message["bytes"])
                continue
            text = json.loads(message["text"])
            self.texts.append(text)
            if text["type"] == "start":
                if self.sockets <= self.drop_after_start:
                    await send({"type": "websocket.close", "code": 1011})
                    return
                await self.play(send)
            if text["type"] == "hangup":
                await send({"type": "websocket.send", "text": json.dumps({"type": "ended", "reason": "caller_hangup"})})

    async def play(self, send: Any) -> None:
        await send({"type": "websocket.send", "text": json.dumps({"type": "ready"})})
        for item in self.script:
            if isinstance(item, bytes):
                await send({"type": "websocket.send", "bytes": item})
            elif item["type"] == "pause":
                await asyncio.sleep(item["seconds"])
            else:
                await send({"type": "websocket.send", "text": json.dumps(item)})


def _json(value: object) -> bytes:
    return json.dumps(value).encode()
