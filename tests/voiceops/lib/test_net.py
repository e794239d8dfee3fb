"""Addresses that a customer gives must lead to the open internet."""

from __future__ import annotations

import http.server
import ipaddress
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from voiceops.lib.errors import AddressRefused, InvalidInput
from voiceops.lib.net import HostPort, is_public, parse_host_port, public_addresses, public_client

pytestmark = pytest.mark.unit

PRIVATE = [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
    "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "64:ff9b::a00:1", "2002:7f00:1::", "2001:0:0:0:0:0:0:1", "2001:db8::1",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_inside_is_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "host", ["localhost", "127.1", "2130706433", "0x7f.0.0.1", "0", "[::1]", "no.such.invalid", ""]
)
def test_other_spellings_of_this_machine_are_refused(host: str) -> None:
    with pytest.raises(AddressRefused):
        public_addresses(host, 80)


class Web(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(302 if self.path == "/away" else 200)
        self.send_header("Location", "http://127.0.0.1:1/secret")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def web() -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Web)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def test_a_request_to_this_machine_never_connects(web: int) -> None:
    with public_client() as client, pytest.raises(AddressRefused):
        client.get(f"http://127.0.0.1:{web}/")


def test_an_allowed_network_can_be_reached_and_redirects_are_not_followed(web: int) -> None:
    with public_client(allowed=[ipaddress.ip_network("127.0.0.0/8")]) as client:
        assert client.get(f"http://127.0.0.1:{web}/").text == "hello"
        assert client.get(f"http://127.0.0.1:{web}/away").status_code == 302


def test_a_name_that_turns_private_after_the_check_is_still_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["93.184.216.34", "127.0.0.1"])

    def resolve(host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert public_addresses("rebind.example", 80) == ["93.184.216.34"]
    with public_client() as client, pytest.raises(AddressRefused):
        client.get("http://rebind.example/")


def test_the_environments_proxy_is_not_used(web: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{web}")
    with public_client() as client, pytest.raises(AddressRefused):
        client.get("http://localhost/")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("127.0.0.1:9000", HostPort("127.0.0.1", 9000)),
        ("[::1]:80", HostPort("::1", 80)),
        ("worker", HostPort("worker", 8790)),
        ("::1", HostPort("::1", 8790)),
        (" worker:1 ", HostPort("worker", 1)),
    ],
)
def test_an_address_is_read(text: str, read: HostPort) -> None:
    assert parse_host_port(text, default_port=8790) == read


@pytest.mark.parametrize(
    "text", ["", ":80", "host:", "host:0", "host:65536", "host:８０", "host:-1", "[::1", "[::1]80"]
)
def test_what_is_no_address_is_refused_in_words(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_host_port(text)
