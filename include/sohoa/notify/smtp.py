"""SMTP with a known outcome: each mail certainly arrived, certainly did not, or is known to be unsure.

A server answers for a mail after the dot that ends it (RFC 5321, 4.1.1.4). What goes wrong before that dot leaves no
mail behind; a connection that dies between the dot and its answer leaves nobody the wiser (RFC 1047). ``smtplib``'s own
``sendmail`` tells the two apart no more than it sends the dot by itself, so its single commands are used.
"""

from __future__ import annotations

import re
import select
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from types import TracebackType
from typing import Literal

from sohoa.errors import MailError, SettingsError, SohoaError
from sohoa.settings import Settings

_TIMEOUT_S = 60
"""A server may think this long before each answer."""
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*")


class Refused(SohoaError):
    """The server answered that it does not take this mail; the text is its answer."""

    def __init__(self, code: int, text: bytes) -> None:
        self.is_final = code >= 500
        """False where the server asks to try again later (4yz)."""
        super().__init__(f"{code} {' '.join(text.decode('utf-8', 'replace').split())}")


class Unanswered(SohoaError):
    """The connection died between the final dot and its answer: the mail may have arrived."""


@dataclass(frozen=True)
class Account:
    """How mail leaves this site."""

    host: str
    port: int
    tls: Literal["starttls", "implicit", "none"]
    sender: str
    user: str | None
    password: str | None

    @property
    def domain(self) -> str:
        """What comes after the @ of the sender."""
        return self.sender.rpartition("@")[2]


def mail_account(settings: Settings) -> Account | None:
    """The account of the settings; None on a site without mail.

    Raises:
        SettingsError: something is missing, or a password would go over an open line.
    """
    user, password = settings.smtp_user, settings.smtp_password.get_secret_value() if settings.smtp_password else None
    if not settings.smtp_host:
        return None
    if settings.smtp_sender is None or not is_address(settings.smtp_sender):
        raise SettingsError("SOHOA_SMTP_HOST is set: set SOHOA_SMTP_SENDER to the address that reports come from")
    if bool(user) != bool(password):
        raise SettingsError("set both SOHOA_SMTP_USER and SOHOA_SMTP_PASSWORD, or neither")
    if user and settings.smtp_tls == "none":
        raise SettingsError("SOHOA_SMTP_PASSWORD would be sent readable: set SOHOA_SMTP_TLS to starttls or implicit")
    if not f"{user}{password}".isascii():
        raise SettingsError("SOHOA_SMTP_USER, SOHOA_SMTP_PASSWORD: SMTP takes ASCII characters only")
    return Account(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_tls,
        settings.smtp_sender,
        user or None,  # a variable that is set to nothing is not set
        password or None,
    )


def is_address(text: str) -> bool:
    """Whether a text is one plain ASCII mail address and nothing else."""
    return _ADDRESS.fullmatch(text) is not None


class Connection:
    """One session with the mail server, to be used in ``with``; after ``MailError`` or ``Unanswered`` it is over."""

    def __init__(self, account: Account) -> None:
        """Connect, encrypt and log in.

        Raises:
            MailError: the server cannot be reached or does not offer what is asked for.
            SettingsError: it refuses user name or password.
        """
        self._account = account
        try:
            self._smtp = _open(account)
        except smtplib.SMTPAuthenticationError as error:
            raise SettingsError(f"SOHOA_SMTP_USER, SOHOA_SMTP_PASSWORD: the mail server says {_text(error)}") from None
        except OSError as error:  # what smtplib, ssl and socket raise
            raise MailError(f"mail server {account.host}:{account.port}: {_text(error)}") from error

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: BaseException | TracebackType | None) -> None:
        """Say goodbye; hang up where something went wrong: a word in the middle of a mail would be a part of it."""
        try:
            if kind is None:
                self._smtp.quit()
        except OSError:
            pass  # the session is over already, and each of its mails has its answer
        finally:
            self._smtp.close()

    def send(self, message: EmailMessage, address: str, before_end: Callable[[], None]) -> None:
        """Send one mail to one recipient.

        Args:
            message: the mail.
            address: the recipient's.
            before_end: called right before the final dot; if it raises, the mail is not sent.

        Raises:
            Refused: the server did not take it; the session can go on.
            MailError: the session ended and the mail was not sent.
            Unanswered: the session ended after the final dot.
        """
        try:
            self._begin(message, address)
            before_end()
            self._require_silence()
            answer = self._end()
            self._require(answer, "2")
        except OSError as error:
            self._smtp.close()
            raise MailError(f"mail server {self._account.host}: {_text(error)}") from error

    def _begin(self, message: EmailMessage, address: str) -> None:
        """Everything up to the final dot."""
        self._require(self._smtp.mail(self._account.sender), "2")
        self._require(self._smtp.rcpt(address), "2")
        self._require(self._smtp.docmd("DATA"), "3")
        self._smtp.send(re.sub(rb"(?m)^\.", b"..", message.as_bytes(policy=SMTP)))

    def _require_silence(self) -> None:
        """A server that is still there has nothing to say in the middle of a mail."""
        if self._smtp.sock is None or select.select([self._smtp.sock], [], [], 0)[0]:
            raise smtplib.SMTPServerDisconnected("the server hung up or spoke in the middle of the mail")

    def _end(self) -> tuple[int, bytes]:
        """Send the final dot; the server's answer."""
        try:
            self._smtp.send(b".\r\n")
            code, text = self._smtp.getreply()
        except OSError as error:
            self._smtp.close()
            raise Unanswered(f"the connection ended before the answer came: {_text(error)}") from error
        if str(code)[0] not in "245":
            self._smtp.close()
            raise Unanswered(f"the answer makes no sense: {code} {text.decode('utf-8', 'replace')}")
        return code, text

    def _require(self, answer: tuple[int, bytes], digit: str) -> None:
        """A reply is of a kind by its first digit (RFC 5321, 4.2.1); after 421 the server closes the session (3.8)."""
        code, text = answer
        if str(code)[0] == digit:
            return
        if code == 421 or str(code)[0] not in "45":
            raise smtplib.SMTPResponseException(code, text)
        self._smtp.rset()
        raise Refused(code, text)


def _open(account: Account) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if account.tls == "implicit":
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(
            account.host, account.port, account.domain, timeout=_TIMEOUT_S, context=context
        )
    else:
        smtp = smtplib.SMTP(account.host, account.port, account.domain, timeout=_TIMEOUT_S)
    try:
        if account.tls == "starttls":
            smtp.starttls(context=context)
        if account.user is not None and account.password is not None:
            smtp.login(account.user, account.password)
        smtp.ehlo_or_helo_if_needed()
    except OSError:
        smtp.close()
        raise
    return smtp


def _text(error: OSError) -> str:
    """What a server or the system says, on one line."""
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        return f"{error.smtp_code} {said.decode('utf-8', 'replace') if isinstance(said, bytes) else said}"
    return " ".join(str(error).split()) or type(error).__name__
