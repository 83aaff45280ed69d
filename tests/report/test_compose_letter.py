"""What a mail about the report says, who gets it, and how it leaves the site."""

from __future__ import annotations

import datetime
import html
import ipaddress
import re
import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sohoa.errors import MailError, SettingsError
from sohoa.notify.smtp import Account, Connection, is_address, mail_account
from sohoa.report.mail.compose_letter import MAX_FILES, Site, compose, plain_links
from sohoa.report.mail.recipients import Recipient
from sohoa.report.sentences import UNITS_NOTE
from sohoa.settings import Settings
from tests.report.report_samples import HOSTILE
from tests.report.smtp_sink import Sink, running
from tests.report.unit_samples import PATH, SETTLED, agency_row, file_row, stored_report, unit_at_start, unit_row
from tests.servers import free_port

PROVINCE = Recipient(unit_at_start("20"), "Văn phòng UBND tỉnh", "vp@langson.example")
HOA_BINH = Recipient(unit_at_start("06103"), "Chủ tịch UBND xã Hòa Bình", "hb@langson.example")
SENDER = "sohoa@langson.example"
SITE = Site(SENDER, {})
UNITS = [unit_row("20", 800, 1000, 2.5), unit_row("06103", 20, 31, -3.0), unit_row("06274", 30, 31)]


def as_stored(**named: Any) -> dict[str, Any]:
    agencies = [agency_row("H37.82.13", "silent", 4, 12, 30), agency_row("H37.85.04")]
    return stored_report(UNITS, agencies, [file_row("H37.82.13", "rejected", "glare")], **named)


def texts_of(mail: EmailMessage) -> tuple[str, str]:
    """The plain text, and the page."""
    parts = [mail.get_body((kind,)) for kind in ("plain", "html")]
    plain, page = (str(part.get_content()) for part in parts if part is not None)
    return plain, page


def words_of(page: str) -> str:
    return " ".join(html.unescape(re.sub("<[^>]*>", " ", page)).split())


def test_a_mail_leads_with_its_unit_and_says_all_that_matters():
    """Figure, target, change, rank, what is missing, files, queue, silence, what to do: in the text and on the page."""
    mail = compose(as_stored(), HOA_BINH, SITE)
    plain, page = texts_of(mail)
    for words in (" ".join(plain.split()), words_of(page)):
        for said in (
            "Kính gửi: Chủ tịch UBND xã Hòa Bình",
            "Xã Hòa Bình, Huyện Bình Gia, tuần 26 năm 2025",
            "Lũy kế từ tuần 26 năm 2025 đến hết tuần 26 năm 2025: 20 trong 31 hồ sơ đã số hóa đạt yêu cầu, tỷ lệ "
            "64,52 %: chậm 21,48 điểm so với lộ trình (86,00 % đến hết ngày 29/06/2025).",
            "Tuần 26 năm 2025, tuần ổn định mới nhất: 20/31 hồ sơ, 64,52 %, giảm 3,00 điểm phần trăm so với tuần trước",
            "Xếp thứ 2 trong 2 xã, phường, thị trấn theo tuần đó.",
            "Còn thiếu 7 hồ sơ để kịp lộ trình; đến kỳ báo cáo sau còn 5 ngày làm việc.",
            "Tệp lỗi trong tuần: 1 phải quét lại, 0 chờ người kiểm tra.",
            "Đang chờ quét: 30 tài liệu của 12 hồ sơ.",
            "Việc gửi lô: im lặng: không gửi lô; lô cuối ngày 20/06/2025.",
            "Tờ khai (hồ sơ H37.82.13-250616-0005), tệp TL-1.pdf, trang 1, 3–5: Bị lóa sáng – không đạt",
            "Quét lại và gửi lô thay thế cho 1 tệp không đạt",
            "Số liệu có đến hết Chủ nhật.",
        ):
            assert said.replace(" ", " ") in words.replace("\u00a0", " "), said
    assert not list(mail.iter_attachments())


@pytest.mark.parametrize(
    ("code", "subject"),
    [
        ("06103", "Xã Hòa Bình, Huyện Bình Gia: lũy kế 64,52 %, chậm 21,48 điểm so với lộ trình (86,00 %)"),
        ("06274", "Xã Hòa Bình, Huyện Văn Quan: lũy kế 96,77 %, vượt 10,77 điểm so với lộ trình (86,00 %)"),
        ("06397", "Xã Hòa Bình, Huyện Hữu Lũng: không có hồ sơ phải số hóa"),
    ],
)
def test_the_subject_says_whose_figure_and_what_it_is(code: str, subject: str):
    """Four communes have one name: the district tells them apart."""
    mail = compose(as_stored(), Recipient(unit_at_start(code), "x", "x@langson.example"), SITE)
    assert mail["Subject"].replace("\u00a0", " ") == f"{subject} – số hóa hồ sơ tuần 26 năm 2025"


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        (71.15, "chậm 6,63 điểm so với lộ trình (71,15 %"),
        (64.9, "đúng lộ trình (64,90 %"),
        (20.0, "vượt 44,52 điểm so với lộ trình (20,00 %"),
    ],
)
def test_a_mail_judges_by_the_path_of_the_settled_week(expected: float, words: str):
    """In the words of the first page, in subject, text and page; the rate of the end of the path is not asked for."""
    mail = compose(stored_report([unit_row("06103", 20, 31, expected=expected)]), HOA_BINH, SITE)
    for text in (mail["Subject"], *texts_of(mail)):
        assert words in " ".join(text.replace("\u00a0", " ").split())
        assert "86,00" not in text


def test_a_mail_judges_nothing_while_no_week_is_settled():
    """As the first page: the newest week's rate is told and still rises, without rank or what is missing."""
    row = unit_row("06103", 20, 31, -3.0) | dict.fromkeys((*SETTLED, *PATH))
    other = unit_row("06274", 30, 31) | dict.fromkeys((*SETTLED, *PATH))
    mail = compose(stored_report([row, other]), HOA_BINH, SITE)
    plain = " ".join(texts_of(mail)[0].replace("\u00a0", " ").split())
    assert "64,52 %, chưa kết luận" in mail["Subject"].replace("\u00a0", " ")
    assert "Chưa kết luận được so với lộ trình" in plain
    assert "Tuần 26 năm 2025, tỷ lệ còn tăng: 20/31 hồ sơ, 64,52 %, giảm 3,00 điểm phần trăm" in plain
    assert "Xếp thứ" not in plain
    assert "thiếu" not in plain


@pytest.mark.parametrize(
    ("own", "settled", "words"),
    [
        ((20, 31), False, "chưa có tuần nào đủ thời gian để số liệu ổn định"),
        ((20, 31), True, "trong các tuần đã ổn định, đơn vị không có hồ sơ phải số hóa"),
        ((0, 0), True, "Không có hồ sơ nào thuộc diện phải số hóa."),
    ],
)
def test_why_a_unit_is_not_judged_is_true_of_it(own: tuple[int, int], settled: bool, words: str):
    """Where other units have settled weeks, a unit without dossiers in them has none by itself."""
    row, other = unit_row("06103", *own), unit_row("06274", 30, 31)
    nothing = dict.fromkeys((*SETTLED, *PATH))
    report = stored_report([row | nothing, other if settled else other | nothing])
    plain = " ".join(texts_of(compose(report, HOA_BINH, SITE))[0].split())
    assert words in plain
    assert ("chưa có tuần nào" in plain) == (not settled)


def test_agencies_that_ended_are_not_counted_among_those_that_send():
    """As in the report: one of two that stand is silent; what waits of the third is told all the same."""
    rows = [agency_row("H37.82.13", "silent", 4, 12, 30), agency_row("H37.85.04"), agency_row("H37.80", "no_agency")]
    plain = texts_of(compose(stored_report(UNITS, rows), PROVINCE, SITE))[0]
    assert "1 trong 2 cơ quan im lặng" in plain


def test_how_a_table_is_read_is_no_matter_of_a_mail():
    """The note of the table of units says that; that of the rates says up to when figures are known."""
    plain = texts_of(compose(as_stored(), HOA_BINH, SITE))[0]
    assert UNITS_NOTE[:30] not in plain
    assert "Số liệu có đến hết Chủ nhật." in plain


def test_a_mail_says_from_whom_a_unit_has_its_queue():
    """One agency reads the name of the former one; a district how much it is; without any nothing is said."""
    old = "UBND xã Tân Hòa, huyện Bình Gia (đến hết 30/11/2024)"
    own = agency_row("H37.82.13", "silent", 4, 12, 30) | {"inherited": 9, "inherited_from": old}
    for code, rows, said in (
        ("06103", [own], f"Nhận việc từ {old}; trong số đang chờ quét có 9 tài liệu của nơi đó."),
        ("20", [own, agency_row("H37.85.04")], "Trong đó 9 tài liệu nhận từ cơ quan đã kết thúc hoạt động."),
        ("06103", [agency_row("H37.82.13")], ""),
    ):
        mail = compose(stored_report(UNITS, rows), Recipient(unit_at_start(code), "x", "x@langson.example"), SITE)
        for text in texts_of(mail):
            assert said in html.unescape(" ".join(text.split()))
            assert said or "Nhận việc từ" not in text


def test_a_unit_with_agencies_below_reads_of_them_and_not_of_their_files():
    """The province's mail names agencies with most faulty files, and the first proposals."""
    plain, _ = texts_of(compose(as_stored(said=("1. Đề nghị A.",)), PROVINCE, SITE))
    assert "UBND xã Hòa Bình: 1 phải quét lại, 0 chờ người kiểm tra" in plain
    assert "TL-1.pdf" not in plain
    assert "  1. Đề nghị A." in plain


def test_a_name_that_bears_its_district_is_not_given_it_twice():
    """The report may name communes with their district already."""
    file = {**file_row("H37.82.13", "review"), "agency_name": "UBND xã Hòa Bình, huyện Bình Gia"}
    agencies = [agency_row("H37.82.13"), agency_row("H37.85.04")]
    for district, shown in (
        ("Huyện Bình Gia", "huyện Bình Gia: 0 phải"),
        ("Huyện X", "huyện Bình Gia, Huyện X: 0 phải"),
    ):
        report = stored_report(UNITS, agencies, [{**file, "district": district}])
        assert shown in texts_of(compose(report, PROVINCE, SITE))[0]


def test_more_files_than_a_mail_names_are_counted():
    """Those to scan again come first."""
    files = [file_row("H37.82.13", "review", "glare", file=f"B-{n}.pdf") for n in range(MAX_FILES)]
    files += [file_row("H37.82.13", "rejected", "glare", file="A.pdf") for _ in range(3)]
    plain, page = texts_of(compose(stored_report(UNITS, [agency_row("H37.82.13")], files), HOA_BINH, SITE))
    listed = [line for line in plain.splitlines() if ", tệp " in line]
    assert len(listed) == MAX_FILES
    assert all("A.pdf" in line for line in listed[:3])
    assert "và 3 tệp khác, có trong báo cáo đầy đủ" in plain
    assert "và 3 tệp khác, có trong báo cáo đầy đủ" in words_of(page)


def test_links_open_the_report_and_its_page_at_the_unit():
    """Where there are none, no key of a store stands in their place: the mail says all itself."""
    site = replace(SITE, links=plain_links("https://so.example/r/", "2025-W26"), last_day=date(2025, 7, 6))
    for text in texts_of(compose(as_stored(), HOA_BINH, site)):
        for name in ("report.pdf", "report.html#tim=X%C3%A3%20H%C3%B2a%20B%C3%ACnh", "report.xlsx"):
            assert f"https://so.example/r/weekly/2025-W26/{name}" in text
        assert "mở được đến hết ngày 06/07/2025" in text
    for text in texts_of(compose(as_stored(), HOA_BINH, SITE)):
        assert "report.pdf" not in text
        assert "Báo cáo đầy đủ" not in text


def test_the_same_report_and_recipient_have_the_same_message_id():
    """Another recipient, unit, bearer of its code or content has another one."""
    report = as_stored()
    one, again = (compose(report, PROVINCE, SITE) for _ in range(2))
    assert one["Message-ID"] == again["Message-ID"]
    others = [
        compose(report, replace(PROVINCE, address="other@langson.example"), SITE),
        compose(report, replace(HOA_BINH, address=PROVINCE.address), SITE),
        compose(report, Recipient(unit_at_start("06103", 1), "x", PROVINCE.address), SITE),
        compose(report | {"content_hash": "f" * 64}, PROVINCE, SITE),
    ]
    assert len({mail["Message-ID"] for mail in [one, *others]}) == 5


def test_hostile_texts_stay_text():
    """No header is added, no line starts with a dot that ends the mail, nothing turns the reading direction, no tag."""
    for text in (*HOSTILE, "x\r\n.\r\nMAIL FROM:<a@b.c>", "x\nBcc: everybody@example.vn"):
        report = stored_report(UNITS, [agency_row("H37.82.13")], [file_row("H37.82.13", "review")])
        report["annex"][2]["rows"][0] |= {"title": text, "file": text}
        mail = compose(report, Recipient(unit_at_start("06103"), text, "a@langson.example"), SITE)
        data = mail.as_bytes()
        head = data.partition(b"\n\n")[0]
        assert b"Bcc" not in head
        assert b"\n.\n" not in data.replace(b"\r\n", b"\n")
        assert data.isascii()
        plain, page = texts_of(mail)
        assert not set(plain + page) & set("\u202e\u2067\u200f\x00\x1b\ud83d")
        assert re.sub("<[^>]*>", "<>", page).count("<") == re.sub("<[^>]*>", "<>", plain_page()).count("<")


def plain_page() -> str:
    """The page of the same mail with a harmless text."""
    report = stored_report(UNITS, [agency_row("H37.82.13")], [file_row("H37.82.13", "review")])
    return texts_of(compose(report, Recipient(unit_at_start("06103"), "x", "a@langson.example"), SITE))[1]


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
        connection.send(compose(as_stored(), PROVINCE, SITE), PROVINCE.address, lambda: None)


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
