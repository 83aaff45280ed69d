"""A door with TLS before the store, whose certificate an authority of one's own signed; a web proxy that tunnels."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_PIECE = 65_536


@dataclass(frozen=True)
class Authority:
    """Who signs certificates; ``file`` is what others are to trust."""

    file: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate


def make_authority(folder: Path, name: str = "Tỉnh") -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _sign(name, key, name, key, timedelta(days=30), is_authority=True)
    file = folder / f"{name}.pem"
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return Authority(file, key, certificate)


def _sign(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    lasts: timedelta,
    is_authority: bool = False,
    host: str = "127.0.0.1",
) -> x509.Certificate:
    subject, by = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one)]) for one in (name, issuer))
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=60))
        .not_valid_after(now + lasts)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if is_authority:
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        builder = builder.add_extension(usage, critical=True)
    else:
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


@contextmanager
def tls_door(
    store: str, authority: Authority, folder: Path, lasts: timedelta = timedelta(days=9), host: str = "127.0.0.1"
) -> Iterator[str]:
    """Serve the store under ``https``; yields the address.

    Args:
        store: its address, http://host:port.
        authority: signs the certificate.
        folder: for its files.
        lasts: until when it is valid, from now.
        host: for which it is valid.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _sign("kho", key, "Tỉnh", authority.key, lasts, host=host)
    file = folder / "kho.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    target = _place(store)

    def serve(client: socket.socket) -> None:
        with context.wrap_socket(client, server_side=True) as secure:
            _join(secure, target)

    with _listening(serve) as port:
        yield f"https://127.0.0.1:{port}"


@dataclass
class WebProxy:
    """A proxy that connects clients to where they ask; ``asked`` is what they asked for."""

    port: int = 0
    asked: list[str] = field(default_factory=list)
    refuses: bool = False

    @property
    def address(self) -> str:
        """As a client configures it."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def web_proxy(refuses: bool = False) -> Iterator[WebProxy]:
    """A proxy, listening; it lets nobody through where it ``refuses``."""
    proxy = WebProxy(refuses=refuses)

    def serve(client: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(1)
        method, host = head.split(b" ", 2)[:2]
        proxy.asked.append(f"{method.decode()} {host.decode()}")
        if proxy.refuses or method != b"CONNECT":
            client.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            return
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        _join(client, _place(f"//{host.decode()}"))

    with _listening(serve) as proxy.port:
        yield proxy


def _place(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition("/")[2].partition(":")
    return host, int(port)


@contextmanager
def _listening(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """Serve each connection in a thread of its own; yields the port."""

    def work(client: socket.socket) -> None:
        with client:
            try:
                serve(client)
            except (OSError, ValueError):  # the other side has gone, or does not trust this one
                return

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:  # it is closed
                return
            threading.Thread(target=work, args=(client,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]


def _join(client: socket.socket, target: tuple[str, int]) -> None:
    """Carry bytes both ways until one side has ended."""
    with socket.create_connection(target) as other:
        back = threading.Thread(target=_carry, args=(other, client), daemon=True)
        back.start()
        _carry(client, other)
        back.join()


def _carry(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(_PIECE):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        return
