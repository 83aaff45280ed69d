"""A real SMTP server on this machine that fails on demand, and keeps what it has taken."""

from __future__ import annotations

import email
import email.policy
import socket
import ssl
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

DIE_AT_RCPT, DIE_IN_DATA, DIE_AFTER_DOT_TAKEN, DIE_AFTER_DOT_LOST, REFUSE_DATA, DEFER = range(6)
"""What the server does to a mail; it has taken the mail in one of the three deaths only."""


class Sink:
    """Takes mails, unless told otherwise: ``plan`` has one word for each mail to come, None where all goes well."""

    def __init__(self) -> None:
        self.plan: deque[int | None] = deque()
        self.refused: set[str] = set()
        self.taken: list[EmailMessage] = []
        self.sessions = 0
        self.next: int | None = None

    def addresses(self) -> Counter[str]:
        """How many mails each recipient has got."""
        return Counter(str(mail["X-Rcpt"]) for mail in self.taken)

    async def handle_EHLO(self, server: Any, session: Any, envelope: Any, hostname: str, responses: Any) -> Any:
        session.host_name = hostname
        self.sessions += 1
        return responses

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        envelope.mail_from = address
        self.next = self.plan.popleft() if self.plan else None
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.next == DIE_AT_RCPT:
            server.transport.abort()
        if address in self.refused:
            return "550 no such mailbox"
        if self.next == DEFER:
            return "451 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.next == REFUSE_DATA:
            return "552 too much mail"
        if self.next != DIE_AFTER_DOT_LOST:
            mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
            assert isinstance(mail, EmailMessage)
            mail["X-Rcpt"] = ",".join(envelope.rcpt_tos)
            self.taken.append(mail)
        if self.next in {DIE_AFTER_DOT_TAKEN, DIE_AFTER_DOT_LOST}:
            server.transport.abort()
        return "250 taken"


class _Server(SMTP):
    async def smtp_DATA(self, arg: str) -> None:
        if self.event_handler.next == DIE_IN_DATA:
            # Answer and end leave in one segment: a client that has seen the one has seen the other before its dot.
            self.transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
            await self.push("354 go on")
            self.transport.write_eof()
            self.transport.abort()
            return
        await super().smtp_DATA(arg)


class _Controller(Controller):
    def factory(self) -> SMTP:
        return _Server(self.handler, **self.SMTP_kwargs)


def accept(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    """The one account that the server knows."""
    good = isinstance(data, LoginPassword) and (data.login, data.password) == (b"sohoa", b"letters")
    return AuthResult(success=good, handled=False)


@contextmanager
def running(sink: Sink, port: int, context: ssl.SSLContext | None = None) -> Iterator[None]:
    """The server on a port of this machine; with a context it asks for STARTTLS and a password."""
    more: dict[str, Any] = {}
    if context is not None:
        more = {"tls_context": context, "require_starttls": True, "auth_required": True, "authenticator": accept}
    controller = _Controller(sink, hostname="127.0.0.1", port=port, **more)
    controller.start()
    try:
        yield
    finally:
        controller.stop()
