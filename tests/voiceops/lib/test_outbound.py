"""Addresses that people typed: where they may lead, however spelled or redirected, and how much may come back."""

from __future__ import annotations

import gzip
import http.server
import ipaddress
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from voiceops.lib.errors import AddressRefused, InvalidInput, RemoteRefused, RemoteUnreachable
from voiceops.lib.outbound import Rules, checked, look, opened, send

pytestmark = pytest.mark.unit

BOMB = gzip.compress(b"\0" * 60_000_000)
LOOPBACK = Rules.of(["127.0.0.0/8"], ["1-65535"])
STRICT = Rules.of([], ["80", "443", "1024-65535"])

INSIDE = [
    "http://127.0.0.1/", "http://localhost/", "http://localhost./", "http://127.1/", "http://127.0.1/", "http://0/",
    "http://0.0.0.0/", "http://2130706433/", "http://0x7f000001/", "http://0x7f.0.0.1/", "http://0177.0.0.1/",
    "http://017700000001/", "http://[::1]/", "http://[::]/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/",
    "http://[::127.0.0.1]/", "http://[64:ff9b::7f00:1]/", "http://[64:ff9b:1::7f00:1]/", "http://[2002:7f00:1::]/",
    "http://[2001:0:7f00:1::1]/", "http://[fe80::1]/", "http://[fc00::1]/", "http://[fd00:ec2::254]/",
    "http://[fec0::1]/", "http://[ff02::1]/", "http://10.0.0.1/", "http://172.31.255.255/", "http://192.168.0.1/",
    "http://169.254.169.254/latest/meta-data/", "http://2852039166/", "http://0xa9fea9fe/", "http://0251.0376.0251.0376/",
    "http://168.63.129.16/", "http://100.64.0.1/", "http://100.100.100.200/", "http://192.0.0.192/", "http://224.0.0.1/",
    "http://255.255.255.255/", "http://240.0.0.1/", "http://198.18.0.1/", "http://192.0.2.1/",
    "http://１２７.０.０.１/", "http://ⓛocalhost/",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_no_spelling_of_an_inner_address_is_connected_to(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def connected(*_: Any, **__: Any) -> None:
        raise AssertionError("it connected")

    monkeypatch.setattr(socket, "create_connection", connected)
    with pytest.raises((AddressRefused, InvalidInput)):
        send("GET", address, within=5, rules=STRICT)


@pytest.mark.parametrize(
    "address",
    [
        "http://user:password@example.com/",
        "http://user@example.com/",
        "https://example.com:25/",
        "http://example.com:22/",
    ],
)
def test_users_in_an_address_and_ports_of_other_services_are_refused(address: str) -> None:
    with pytest.raises(AddressRefused):
        checked(address, STRICT)


@pytest.mark.parametrize(
    "address",
    ["", "example.com", "ftp://example.com/", "file:///etc/passwd", "gopher://x/", "http://", "http:///path", "//host/",
     "http://exa mple.com/", "http://a\\@b/", "http://a/\r\nHost: b", "javascript:alert(1)", "http://[::1", "http://a:b/",
     "http://a:99999/", "unix:///var/run/docker.sock"],
)  # fmt: skip
def test_what_is_no_web_address_is_refused_in_words(address: str) -> None:
    with pytest.raises((InvalidInput, AddressRefused)) as refused:
        checked(address, STRICT)
    assert refused.value.sentence.endswith(".")


class Web(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen: list[tuple[str, dict[str, str], bytes]] = []

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        Web.seen.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        where, asked = urlsplit(self.path), parse_qs(urlsplit(self.path).query)
        headers = {"Content-Type": "text/plain"}
        status, answer = 200, b"hello"
        if where.path == "/to":
            status, headers["Location"] = int(asked.get("code", ["302"])[0]), asked["where"][0]
        elif where.path == "/round":
            status, headers["Location"] = 302, "/round"
        elif where.path == "/cookie":
            status, headers["Location"], headers["Set-Cookie"] = 302, "/plain", "session=1"
        elif where.path == "/big":
            answer = b"x" * 5_000_000
        elif where.path == "/bomb":
            headers["Content-Encoding"], answer = "gzip", BOMB
        elif where.path == "/packed":
            headers["Content-Encoding"], answer = "gzip", gzip.compress(b"unpacked" * 100)
        elif where.path == "/cut":
            headers["Content-Encoding"], answer = "gzip", gzip.compress(b"unpacked" * 100)[:-12]
        elif where.path == "/brotli":
            headers["Content-Encoding"], answer = "br", b"\x0b\x02\x80hello\x03"
        elif where.path == "/broken":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")
            self.close_connection = True
            return
        elif where.path == "/drip":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
            for _ in range(100):
                try:
                    self.wfile.write(b".")
                except OSError:
                    return
                time.sleep(0.1)
            return
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        try:
            self.wfile.write(answer)
        except OSError:
            self.close_connection = True

    do_POST = do_GET

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def web() -> Iterator[str]:
    Web.seen = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Web)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_an_allowed_server_is_reached_and_its_answer_read(web: str) -> None:
    answer = send("POST", f"{web}/plain", content=b"{}", headers={"X-Key": "1"}, rules=LOOPBACK)
    assert (answer.status, answer.text, answer.kind) == (200, "hello", "text/plain")
    path, headers, body = Web.seen[0]
    assert (path, headers["x-key"], body, headers["host"]) == ("/plain", "1", b"{}", web.removeprefix("http://"))


def test_the_operators_setting_allows_hosts_and_networks(web: str, settings: Any) -> None:
    with pytest.raises(AddressRefused):
        send("GET", f"{web}/plain")
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    assert send("GET", f"{web}/plain").status == 200
    settings.OUTBOUND_ALLOW = ["LocalHost."]
    assert send("GET", f"{web}/plain".replace("127.0.0.1", "localhost")).status == 200
    with pytest.raises(AddressRefused):
        send("GET", f"{web}/plain")


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_looked_at_again(web: str, code: int) -> None:
    only_this = Rules.of([web.removeprefix("http://").split(":")[0] + "/32"], ["1-65535"])
    for where in (
        "http://127.0.0.2/",
        "http://[::1]/",
        "http://2130706434/",
        "//169.254.169.254/latest",
        "http://a:b@c/",
    ):
        with pytest.raises(AddressRefused):
            send("GET", f"{web}/to?code={code}&where={where}", rules=only_this)
    assert send("GET", f"{web}/to?code={code}&where=/plain", rules=only_this).url == f"{web}/plain"


def test_a_redirect_to_something_else_than_the_web_is_refused(web: str) -> None:
    for where in ("file:///etc/passwd", "gopher://127.0.0.1/x"):
        with pytest.raises(RemoteRefused):
            send("GET", f"{web}/to?where={where}", rules=LOOPBACK)


def test_redirects_end_somewhere_and_a_post_follows_none(web: str) -> None:
    with pytest.raises(RemoteRefused, match="again and again"):
        send("GET", f"{web}/round", rules=LOOPBACK, redirects=3)
    assert len(Web.seen) == 4
    assert send("POST", f"{web}/to?where=/plain", rules=LOOPBACK).status == 302


def test_what_was_meant_for_one_server_is_not_sent_to_another(web: str) -> None:
    other = web.replace("127.0.0.1", "localhost")
    headers = {"Authorization": "Bearer secret", "X-Api-Key": "secret", "Accept": "text/html"}
    send("GET", f"{web}/to?where={web}/plain", headers=headers, rules=LOOPBACK)
    assert Web.seen[-1][1]["authorization"] == "Bearer secret"
    send("GET", f"{web}/to?where={other}/plain", headers=headers, rules=LOOPBACK)
    assert "secret" not in str(Web.seen[-1][1])
    assert Web.seen[-1][1]["accept"] == "text/html"


def test_no_cookie_is_kept_and_no_proxy_taken_from_the_environment(web: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert send("GET", f"{web}/cookie", rules=LOOPBACK).status == 200
    assert "cookie" not in Web.seen[-1][1]


def resolving_to(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> None:
    coming = iter(answers)

    def resolve(host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in next(coming)]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


def test_a_name_that_turns_inward_after_it_was_looked_at_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving_to(monkeypatch, ["93.184.216.34"], ["127.0.0.1"])
    look("http://rebind.example/", STRICT)
    with pytest.raises(AddressRefused):
        send("GET", "http://rebind.example/", rules=STRICT)


def test_a_name_with_one_inner_address_among_others_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving_to(monkeypatch, ["93.184.216.34", "10.0.0.7"])
    with pytest.raises(AddressRefused):
        send("GET", "http://both.example/", rules=STRICT)


def test_the_connection_goes_to_the_address_that_was_looked_at(web: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is resolved once: a second answer would never be used."""
    resolving_to(monkeypatch, ["127.0.0.1"])
    port = urlsplit(web).port
    monkeypatch.setattr(socket, "create_connection", _connecting_by_number_only(socket.create_connection))
    assert send("GET", f"http://once.example:{port}/plain", rules=LOOPBACK).status == 200
    assert Web.seen[-1][1]["host"] == f"once.example:{port}"


def _connecting_by_number_only(connect: Any) -> Any:
    def connecting(address: tuple[str, int], *args: Any, **more: Any) -> socket.socket:
        ipaddress.ip_address(address[0])
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.connect(address)
        return sock

    return connecting


@pytest.fixture
def https(tmp_path: Path) -> Iterator[int]:
    """A server with a certificate for `tls.example` that nobody vouches for."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=tls.example", "-addext", "subjectAltName=DNS:tls.example",
         "-keyout", tmp_path / "key.pem", "-out", tmp_path / "cert.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Web)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def test_the_certificate_is_checked_for_the_hosts_name(
    https: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from voiceops.lib import net

    resolving_to(monkeypatch, *[["127.0.0.1"]] * 3)
    monkeypatch.setattr(socket, "create_connection", _connecting_by_number_only(socket.create_connection))
    with pytest.raises(RemoteRefused, match="certificate"):
        send("GET", f"https://tls.example:{https}/plain", rules=LOOPBACK)
    trusting = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
    monkeypatch.setattr(net, "_authorities", lambda: trusting)
    assert send("GET", f"https://tls.example:{https}/plain", rules=LOOPBACK).status == 200
    with pytest.raises(RemoteRefused, match="certificate"):
        send("GET", f"https://other.example:{https}/plain", rules=LOOPBACK)


@pytest.mark.parametrize("path", ["/big", "/bomb"])
def test_an_answer_that_grows_too_large_is_let_go(web: str, path: str) -> None:
    with pytest.raises(RemoteRefused, match="larger than 1 MB"):
        send("GET", web + path, rules=LOOPBACK)


def test_a_bomb_is_never_unpacked_beyond_the_limit(web: str) -> None:
    sizes = []
    with opened("GET", f"{web}/bomb", rules=LOOPBACK, most=50_000) as incoming, pytest.raises(RemoteRefused):
        sizes.extend(len(piece) for piece in incoming.pieces())
    assert sum(sizes) <= 50_000


def test_packed_answers_are_unpacked_and_what_was_cut_is_noticed(web: str) -> None:
    assert send("GET", f"{web}/packed", rules=LOOPBACK).text == "unpacked" * 100
    with pytest.raises(RemoteUnreachable, match="broke the answer off"):
        send("GET", f"{web}/cut", rules=LOOPBACK)
    with pytest.raises(RemoteUnreachable):
        send("GET", f"{web}/broken", rules=LOOPBACK)
    with pytest.raises(RemoteRefused, match="'br'"):
        send("GET", f"{web}/brotli", rules=LOOPBACK)


def test_a_server_that_drips_is_cut_off_at_the_deadline(web: str) -> None:
    began = time.monotonic()
    with pytest.raises(RemoteUnreachable, match="in time") as late:
        send("GET", f"{web}/drip", rules=LOOPBACK, within=0.5)
    assert time.monotonic() - began < 5
    assert late.value.arrived


def test_a_name_server_that_says_nothing_ends_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    never = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [never.wait(20)][:0])
    began = time.monotonic()
    with pytest.raises(RemoteUnreachable, match="looked up"):
        send("GET", "http://slow.example/", rules=STRICT, within=0.3)
    assert time.monotonic() - began < 5
    never.set()


def test_nobody_listening_may_be_tried_again(web: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        with pytest.raises(RemoteUnreachable) as gone:
            send("GET", f"http://127.0.0.1:{port}/?key=secret", rules=LOOPBACK)
    assert gone.value.retryable
    assert not gone.value.arrived
    assert "secret" not in gone.value.sentence
