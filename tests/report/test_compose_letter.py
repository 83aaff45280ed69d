"""What a mail about the report says, who gets it, and how it leaves the site."""

from __future__ import annotations

import datetime
import ipaddress
import json
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sohoa.errors import MailError, SettingsError
from sohoa.notify.smtp import Account, Connection, is_address, mail_account
from sohoa.report.mail.compose_letter import Recipient, compose, read_recipients
from sohoa.settings import Settings
from tests.report.report_samples import HOSTILE, sample_report
from tests.report.smtp_sink import Sink, running
from tests.servers import free_port

PROVINCE = Recipient("20", "Văn phòng UBND tỉnh", "vp@langson.example")
SENDER = "sohoa@langson.example"


def text_of(report: dict[str, object], recipient: Recipient, url: str | None = None) -> str:
    return str(compose(report, recipient, SENDER, url).get_content())


def as_stored(rows: int = 12) -> dict[str, object]:
    found: dict[str, object] = json.loads(sample_report(rows).to_json())
    return found


def test_a_mail_carries_the_figures_of_its_unit_and_links():
    """The unit's row in Vietnamese numbers, and an address for each format; nothing is attached."""
    report = as_stored()
    mail = compose(report, Recipient("00001", "Xã Bằng Mạc", "mac@langson.example"), SENDER, "https://so.example/r/")
    text = str(mail.get_content())
    assert "Hồ sơ phải số hóa: 942.935\n" in text
    assert "Độ mờ: 0,12 mm\n" in text
    assert "Tỷ lệ số hóa: 96,92\u00a0%\n" in text
    for name in ("report.pdf", "report.html", "report.xlsx"):
        assert f"https://so.example/r/weekly/{report['week']}/{name}" in text
    assert mail.get_content_type() == "text/plain"
    assert not list(mail.iter_attachments())


def test_a_unit_without_figures_and_a_site_without_address():
    """The mail says that there are none, and names the keys in the store."""
    text = text_of(as_stored(), Recipient("99999", "Không có", "x@langson.example"))
    assert "Không có số liệu" in text
    assert "weekly/2024-W15/report.pdf" in text
    assert "http" not in text


def test_the_same_report_and_recipient_have_the_same_message_id():
    """Another recipient, unit or content has another one."""
    report = as_stored()
    one, again = (compose(report, PROVINCE, SENDER, None) for _ in range(2))
    assert one["Message-ID"] == again["Message-ID"]
    others = [
        compose(report, Recipient("20", "x", "other@langson.example"), SENDER, None),
        compose(report, Recipient("178", "x", PROVINCE.address), SENDER, None),
        compose(report | {"content_hash": "f" * 64}, PROVINCE, SENDER, None),
    ]
    assert len({mail["Message-ID"] for mail in [one, *others]}) == 4


def test_hostile_texts_stay_text():
    """No header is added, no line starts with a dot that ends the mail, and nothing turns the reading direction."""
    report = as_stored(3)
    for text in (*HOSTILE, "x\r\n.\r\nMAIL FROM:<a@b.c>", "x\nBcc: everybody@example.vn"):
        clean = {"sections": [{"paragraphs": [text], "tables": []}], "annex": []}
        mail = compose(report | clean, Recipient("20", text, "a@langson.example"), SENDER, None)
        data = mail.as_bytes()
        head = data.partition(b"\n\n")[0]
        assert b"Bcc" not in head
        assert b"\n.\n" not in data.replace(b"\r\n", b"\n")
        assert data.isascii()
        assert not set(str(mail.get_content())) & set("\u202e\u2067\u200f\x00\x1b\ud83d")


def test_recipients_are_read_from_a_file_and_checked(tmp_path: Path):
    """An Excel export with a BOM is fine; a line that is no address is named; a repeated line counts once."""
    file = tmp_path / "recipients.csv"
    file.write_text("\ufeffunit_code,name,address\n20,A,a@x.vn\n20,A,a@x.vn\n05971,B, b@x.vn \n", encoding="utf-8")
    assert [(row.unit_code, row.address) for row in read_recipients(file).usable] == [
        ("20", "a@x.vn"),
        ("05971", "b@x.vn"),
    ]
    for bad in ("a@x.vn\nBcc: b@x.vn", "a", "a b@x.vn", "a@x.vn>", "", "ạ@x.vn"):
        file.write_text(f'unit_code,name,address\n20,A,a@x.vn\n178,B,"{bad}"\n', encoding="utf-8")
        usable, (fault,) = read_recipients(file)
        assert [row.address for row in usable] == ["a@x.vn"]
        assert fault.startswith("line 3: ")
    file.write_text("code,mail\n20,a@x.vn\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="unit_code"):
        read_recipients(file)
    for missing in (None, tmp_path / "absent.csv"):
        with pytest.raises(SettingsError, match="SOHOA_RECIPIENTS_FILE"):
            read_recipients(missing)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("6208", "line 3: '6208' is no unit, 06208 is one"),
        ("5971.0", "line 3: '5971.0' is no unit"),
        ("99999", "line 3: '99999' is no unit"),
        ("", "line 3: '' is no unit"),
        ("H37.84.09", "line 3: 'H37.84.09' is no unit, 06208 is one"),
        ("H37.999", "line 3: 'H37.999' is no unit"),
    ],
)
def test_a_line_that_names_no_unit_is_told_with_the_others(tmp_path: Path, code: str, told: str):
    """Spreadsheets drop the zero before a commune's code; all lines are named at once, by their place in the file."""
    file = tmp_path / "recipients.csv"
    file.write_text(f"unit_code,name,address\n20,A,a@x.vn\n{code},B,b@x.vn\n\n178,C,c\n", encoding="utf-8")
    usable, faults = read_recipients(file)
    assert faults == [told, "line 5: 'c' is no address"]
    assert [row.address for row in usable] == ["a@x.vn"]


def test_units_of_every_level_and_time_are_recipients(tmp_path: Path):
    """Province, district, communes that stand and that have ended, department, district office; spaces do not count."""
    codes = ["20", "178", "06208", " 05971 ", "H37.60", "H37.84"]
    file = tmp_path / "recipients.csv"
    lines = "".join(f"{code},A,a@x.vn\n" for code in codes)
    file.write_text(f"unit_code,name,address\n{lines}", encoding="utf-8")
    assert [row.unit_code for row in read_recipients(file).usable] == [code.strip() for code in codes]


def test_addresses():
    """Plain ASCII addresses only: nothing that a header or a command could be made of."""
    assert is_address("van.phong+bao-cao@langson.gov.vn")
    assert not any(map(is_address, ("<a@b.vn>", "a@b.vn,c@d.vn", "a@b.vn\r", "a@b.vn\n", "@b.vn", "a@b@c", "a@")))


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"smtp_sender": None}, "SOHOA_SMTP_SENDER"),
        ({"smtp_sender": "nobody"}, "SOHOA_SMTP_SENDER"),
        ({"smtp_user": "sohoa"}, "SOHOA_SMTP_PASSWORD"),
        ({"smtp_user": "sohoa", "smtp_password": "letters", "smtp_tls": "none"}, "SOHOA_SMTP_TLS"),
        ({"smtp_user": "sohoa", "smtp_password": "mật khẩu"}, "ASCII"),
    ],
)
def test_settings_of_mail_that_cannot_work_are_named(values: dict[str, str | None], named: str):
    """Before anything is sent, and without the password in the message."""
    with pytest.raises(SettingsError, match=named) as raised:
        mail_account(Settings(**{"smtp_host": "mail.example", "smtp_sender": SENDER} | values))
    assert "letters" not in str(raised.value)
    assert mail_account(Settings()) is None
    empty = mail_account(Settings(smtp_host="mail.example", smtp_sender=SENDER, smtp_user="", smtp_password=""))
    assert empty is not None
    assert empty.user is empty.password is None


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    start = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(36_500))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + built.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
def guarded(certificate: Path) -> Iterator[tuple[Sink, int]]:
    """A server that takes mail over TLS and with a password only."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    sink, port = Sink(), free_port()
    with running(sink, port, context):
        yield sink, port


def send_one(port: int, password: str = "letters", tls: str = "starttls") -> None:
    user = None if tls == "none" else "sohoa"
    account = Account("127.0.0.1", port, tls, SENDER, user, password)  # type: ignore[arg-type]
    with Connection(account) as connection:
        connection.send(compose(as_stored(), PROVINCE, SENDER, None), PROVINCE.address, lambda: None)


def test_mail_goes_out_encrypted_and_logged_in(
    guarded: tuple[Sink, int], certificate: Path, monkeypatch: pytest.MonkeyPatch
):
    """With a certificate that this machine trusts."""
    sink, port = guarded
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    send_one(port)
    assert sink.addresses() == {PROVINCE.address: 1}
    with pytest.raises(SettingsError, match="SOHOA_SMTP_PASSWORD"):
        send_one(port, "wrong")
    assert len(sink.taken) == 1


def test_a_server_that_cannot_be_trusted_gets_neither_password_nor_mail(guarded: tuple[Sink, int]):
    """The certificate is not one that this machine trusts: worth a look, and nothing was sent."""
    sink, port = guarded
    with pytest.raises(MailError, match="certificate"):
        send_one(port)
    assert not sink.taken


def test_a_server_without_encryption_is_refused():
    """STARTTLS was asked for; a server, or somebody in between, that does not offer it gets no mail."""
    sink, port = Sink(), free_port()
    with running(sink, port), pytest.raises(MailError, match="STARTTLS"):
        send_one(port)
    assert not sink.taken
