"""What codes are called, Vietnamese and English: the one table of labels, beside that of ``sohoa.defects``.

Tables, receipts and reports hold codes; a code is translated where it is printed. Each table bears the name of its
enumeration in ``sohoa.enums``, where there is one.
"""

from __future__ import annotations

from typing import NamedTuple

from sohoa.defects import DEFECTS
from sohoa.format_value import UNKNOWN


class Label(NamedTuple):
    """A code in words."""

    vi: str
    en: str


Labels = dict[str | None, Label]

_NOTICES: Labels = {
    "no_connection": Label("Báo mất kết nối", "gave notice: no connection"),
    "no_work": Label("Báo không có việc", "gave notice: no work"),
    "device_down": Label("Báo hỏng máy quét", "gave notice: scanner broken"),
}
_PAPERS: Labels = {
    "a4": Label("A4", "A4"),
    "a3": Label("A3", "A3"),
    "a2": Label("A2", "A2"),
    "a1": Label("A1", "A1"),
    "a0": Label("A0", "A0"),
    "other": Label("khác", "other"),
}
_COVERS: Labels = {
    "matte": Label("Bìa thường", "matte cover"),
    "glossy": Label("Bìa bóng", "glossy cover"),
}
_LEVELS: Labels = {
    "province": Label("Cấp tỉnh", "province"),
    "district": Label("Cấp huyện", "district"),
    "commune": Label("Cấp xã", "commune"),
    None: Label("Không rõ cơ quan", "agency not known"),
}
_VERDICTS: Labels = {
    "accepted": Label("Đạt", "accepted"),
    "review": Label("Chờ kiểm tra", "waits for review"),
    "rejected": Label("Không đạt", "rejected"),
}
_DEFECTS: Labels = {defect.name: Label(defect.label_vi, defect.label_en) for defect in DEFECTS.values()}

LABELS: dict[str, Labels] = {
    # what a manifest says of a document
    "document_kinds": {
        "component": Label("Thành phần hồ sơ", "component"),
        "interim_result": Label("Kết quả trung gian", "interim result"),
        "result": Label("Kết quả giải quyết", "result"),
        "backlog_result": Label("Kết quả tồn đọng", "result of earlier years"),
    },
    "contents": {
        "text": Label("Văn bản", "text"),
        "map": Label("Bản đồ", "map"),
        "photo": Label("Ảnh chụp", "photograph"),
    },
    "papers": _PAPERS,
    "covers": _COVERS,
    "classes": {code: Label(f"Khổ {label.vi}", f"paper {label.en}") for code, label in _PAPERS.items()} | _COVERS,
    "roles": {
        "page": Label("Trang", "page"),
        "tile": Label("Mảnh", "tile"),
        "reference": Label("Ảnh toàn tờ", "capture of the whole sheet"),
    },
    "device_kinds": {
        "flatbed": Label("Máy quét phẳng", "flatbed scanner"),
        "adf": Label("Máy quét có khay cuốn", "scanner with feeder"),
        "large_format": Label("Máy quét khổ lớn", "large-format scanner"),
        "camera": Label("Máy ảnh", "camera"),
    },
    "not_scanned_reasons": {
        "too_large": Label("Quá khổ máy quét", "too large for the scanner"),
        "glossy": Label("Bìa bóng", "glossy cover"),
        "fragile": Label("Giấy dễ rách", "fragile paper"),
        "no_device": Label("Không có máy quét", "no scanner"),
    },
    # what was found, judged and decided
    "defects": _DEFECTS,
    "verdicts": _VERDICTS,
    "decisions": {
        "uphold": Label("Người kiểm tra chấp nhận bản quét", "the reviewer upholds the scan"),
        "waive": Label("Được duyệt miễn quét lại", "accepted by waiver"),
        "reject": Label("Người kiểm tra yêu cầu quét lại", "the reviewer asks for a new scan"),
    },
    "outcomes": {
        "accepted": Label("Đạt", "accepted"),
        "to_scan": Label("Phải gửi lại", "to send again"),
        "review": Label("Chờ người kiểm tra", "waits for review"),
        "waived": Label("Được duyệt miễn quét lại", "accepted by waiver"),
        "not_scanned": Label("Không quét", "not scanned"),
    },
    "task_outcomes": {
        "done": Label("Xong", "done"),
        "skipped": Label("Bỏ qua", "skipped"),
        "tried_again": Label("Thất bại, thử lại", "failed, is tried again"),
        "failed": Label("Thất bại", "failed"),
    },
    "severities": {
        "note": Label("Ghi chú: vẫn đạt, không phải quét lại", "a note: accepted as it is"),
        "review": Label("Chờ người kiểm tra quyết định", "a person decides"),
        "reject": Label("Không đạt: quét lại", "rejected: scan it again"),
    },
    "error_codes": {
        "missing": Label("Có trong bản kê nhưng không có trong lô.", "In the manifest, not in the batch."),
        "hash_mismatch": Label(
            "Nội dung tệp khác với bản kê (mã SHA-256 không khớp).", "Another content than the manifest's (SHA-256)."
        ),
        "unreadable": Label("Không mở được tệp.", "The file does not open."),
        "not_measured": Label(
            "Máy chủ hai lần phải dừng khi đang đọc tệp; tệp chưa chắc hỏng.",
            "The server stopped twice while it read the file, which need not be damaged.",
        ),
        "truncated": Label("Tệp bị hỏng hoặc thiếu một phần.", "The file is damaged, or a part of it is missing."),
        "wrong_format": Label(
            "Không phải tệp PDF, JPEG, PNG hay TIFF thông thường (8 bit, màu RGB hoặc xám, không trong suốt).",
            "Not an ordinary PDF, JPEG, PNG or TIFF file (8 bits, RGB or grey, not transparent).",
        ),
        "encrypted": Label("Tệp có mật khẩu.", "The file has a password."),
        "altered": Label(
            "Chữ ký số không khớp với tệp: tệp đã bị sửa sau khi ký.",
            "The signature does not fit: the file was changed after it was signed.",
        ),
        "too_large": Label("Tệp hoặc ảnh quá lớn.", "The file or image is too large."),
    },
    "archive_reasons": {  # why a document or dossier is not handed over
        "not_ended": Label("Hồ sơ chưa giải quyết xong", "the dossier has not ended"),
        "unreceived": Label("Chưa nhận đủ tệp", "files are missing or altered"),
        "rejected": Label("Không đạt", "rejected"),
        "in_review": Label("Chờ người kiểm tra", "waits for a reviewer"),
        "manifest_gone": Label("Không còn bản kê đã chốt", "its manifest was not kept"),
        "file_gone": Label("Tệp không còn trong kho", "a file is no longer in the store"),
        "file_altered": Label("Tệp trong kho khác bản kê", "a file is not the one of the manifest"),
        "file_refused": Label("Tệp trái quy định giao nộp", "a file breaks a limit of the archive"),
    },
    "archive_checks": {
        "file_name": Label("Tên tệp không theo mã hồ sơ", "the name does not follow the dossier's code"),
        "signature_place": Label("Vị trí chữ ký khác quy định, hoặc chưa ký", "signed elsewhere, or not signed"),
        "pdf_a": Label("Không phải PDF/A", "no PDF/A"),
    },
    "archive_columns": {  # of the index; the names of circular 05/2025/TT-BNV where it has one
        "fileCode": Label("Mã hồ sơ", "code of the dossier"),
        "title": Label("Tiêu đề hồ sơ", "title"),
        "maintenance": Label("Thời hạn lưu trữ", "how long it is kept"),
        "mode": Label("Mức độ tiếp cận", "who may see it"),
        "language": Label("Ngôn ngữ", "language"),
        "startDate": Label("Ngày bắt đầu", "first day"),
        "endDate": Label("Ngày kết thúc", "last day"),
        "keyword": Label("Từ khóa", "keywords"),
        "totalDoc": Label("Tổng số tài liệu", "documents"),
        "numberOfPaper": Label("Số lượng tờ", "sheets of paper"),
        "numberOfPage": Label("Số lượng trang", "pages"),
        "format": Label("Tình trạng vật lý", "state of the paper"),
        "inforSign": Label("Ký hiệu thông tin", "sign"),
        "confidenceLevel": Label("Mức độ tin cậy", "level of trust"),
        "paperFileCode": Label("Mã hồ sơ gốc giấy", "code of the paper dossier"),
        "riskRecovery": Label("Chế độ dự phòng", "spare copy"),
        "riskRecoveryStatus": Label("Tình trạng dự phòng", "state of the spare copy"),
        "description": Label("Ghi chú", "notes"),
        "docCode": Label("Mã tài liệu", "code of the document"),
        "docOrdinal": Label("Số thứ tự", "number in the dossier"),
        "subject": Label("Tên tài liệu", "title of the document"),
        "typeName": Label("Loại tài liệu", "kind of document"),
        "procedure": Label("Mã thủ tục", "procedure"),
        "unit": Label("Đơn vị", "unit"),
        "handling_agency": Label("Cơ quan giải quyết", "agency that handled it"),
        "agency": Label("Cơ quan số hóa", "agency that scanned it"),
        "batch": Label("Lô quét", "batch"),
        "document_id": Label("Mã tài liệu của cơ quan", "the agency's document id"),
        "scan_date": Label("Ngày quét", "scanned on"),
        "operator": Label("Người quét", "scanned by"),
        "path": Label("Tệp trong gói", "file in the package"),
        "sent_as": Label("Tên tệp khi gửi", "name as sent"),
        "bytes": Label("Dung lượng (byte)", "bytes"),
        "sha256": Label("SHA-256", "SHA-256"),
        "file_format": Label("Định dạng", "format"),
        "pdf_a": Label("PDF/A (tệp tự khai)", "PDF/A, as the file says"),
        "signature": Label("Chữ ký số", "digital signature"),
        "signature_place": Label("Vị trí chữ ký", "place of the signature"),
        "verdict": Label("Kết luận", "verdict"),
        "defects": Label("Lỗi", "defects"),
        "notes": Label("Lưu ý về bản quét", "notes on the scan"),
        "decision": Label("Quyết định", "decision"),
        "approver": Label("Người quyết định", "decided by"),
        "reason": Label("Lý do", "reason"),
        "decided_at": Label("Thời điểm quyết định", "decided at"),
        "limits": Label("Bộ ngưỡng", "limits"),
        "remarks": Label("Lưu ý khi giao nộp", "remarks on the hand-over"),
    },
    "signature_places": {
        "top_left": Label("góc trên bên trái trang 1", "top left of page 1"),
        "top_right": Label("góc trên bên phải trang 1", "top right of page 1"),
        "page_1": Label("chỗ khác ở trang 1", "elsewhere on page 1"),
        "other_page": Label("trang khác", "another page"),
        "hidden": Label("không hiển thị", "not shown"),
        "none": Label("chưa ký", "not signed"),
        "unknown": Label("không đọc được", "cannot be told"),
    },
    "file_flaws": {
        "repaired": Label(
            "Tệp ghi không đúng chuẩn của định dạng; đã sửa lúc đọc, ảnh vẫn đủ.",
            "The file breaks the standard of its format; it was put right on reading, and the picture is whole.",
        ),
    },
    "signature_states": {
        "fits": Label("Chữ ký số khớp với tệp.", "The digital signature fits the file."),
        "unchecked": Label(
            "Có chữ ký số thuộc loại chưa kiểm tra được.", "A digital signature is of a kind that cannot be checked."
        ),
    },
    "tile_coverages": {
        "no_reference": Label(
            "Không có ảnh chụp toàn tờ: không đối chiếu được các mảnh có đủ hay không.",
            "There is no capture of the whole sheet (`reference`): whether the tiles show all of it cannot be said.",
        ),
        "unknown": Label(
            "Không đối chiếu được các mảnh với ảnh toàn tờ: thiếu mảnh, thiếu độ phân giải, hoặc có mảnh của tờ khác.",
            "The tiles cannot be found in the capture of the whole sheet: none, no resolution, or a tile of another"
            " sheet.",
        ),
        "known": Label(
            "Phần nét trên tờ giấy không có trong mảnh nào: {:.1%}.",
            "Share of what is drawn on the sheet that no tile shows: {:.1%}.",
        ),
    },
    "limit_tests": {  # followed by the limit
        "min": Label("cần từ {} trở lên", "at least {}"),
        "max": Label("không được quá {}", "at most {}"),
        "max_abs": Label("không được quá {}", "at most {} either way"),
        "one_of": Label("phải là {}", "one of {}"),
        "none_of": Label("không được là {}", "none of {}"),
        "not_null": Label("phải xác định được", "known"),
    },
    "refusals": {
        "not_json": Label(
            "Bản kê không phải là JSON hợp lệ. Hãy xuất lại bản kê từ phần mềm quét và gửi lại.",
            "The manifest is not valid JSON. Export it from the scanning program again and send it again.",
        ),
        "manifest_too_large": Label(
            "Bản kê quá lớn. Hãy chia lô thành nhiều lô nhỏ hơn.",
            "The manifest is too large. Split the batch into smaller ones.",
        ),
        "manifest_not_given": Label(
            "Kho lưu trữ không đọc được bản kê, thường vì phần mềm gửi đã mã hóa tệp bằng khóa riêng (SSE-C). "
            "Hãy tắt mã hóa phía phần mềm gửi rồi gửi lại.",
            "The store does not give the manifest out, mostly because the sending program has encrypted it with a key "
            "of its own (SSE-C). Switch that off and send it again.",
        ),
        "too_many_parts": Label(
            "Bản kê có quá nhiều mục (tối đa 5.000 tài liệu và 20.000 tệp một lô). Hãy chia lô thành nhiều lô nhỏ hơn.",
            "The manifest has too many parts (at most 5,000 documents and 20,000 files). Split it into smaller ones.",
        ),
        "not_processed": Label(
            "Hệ thống không xử lý được lô này: việc kiểm tra bị ngắt nhiều lần đúng ở lô này. Cán bộ kỹ thuật đã được "
            "báo. Hãy chia lô thành các lô nhỏ hơn, mang số mới, rồi gửi lại.",
            "This batch could not be read: checking it was cut off several times. The engineers have been told. Split "
            "it into smaller batches under new numbers and send them.",
        ),
        "invalid_manifest": Label(
            "Bản kê sai cấu trúc. Hãy sửa các mục dưới đây và gửi lại.",
            "The manifest has the wrong structure. Correct what is listed below and send it again.",
        ),
        "malformed_batch_id": Label(
            "Mã lô sai cấu trúc. Mã lô đúng có dạng <mã cơ quan>-<năm tháng ngày>-<số thứ tự 3 chữ số>.",
            "The batch id is malformed. It is <agency code>-<year month day>-<number of 3 digits>.",
        ),
        "stray_object": Label(
            "Tệp này không phải là bản kê. Trong thư mục inbox chỉ đặt tệp <mã lô>.json.",
            "This file is no manifest. Only <batch id>.json belongs in the inbox.",
        ),
        "unknown_agency": Label(
            "Mã cơ quan không có trong danh mục. Hãy kiểm tra mã cơ quan với Văn phòng UBND tỉnh.",
            "The agency code is not in the list. Ask the office of the provincial People's Committee.",
        ),
        "agency_mismatch": Label(
            "Cơ quan ghi trong bản kê khác với thư mục gửi. Mỗi cơ quan chỉ gửi lô của chính mình.",
            "The manifest names another agency than its folder. An agency sends its own batches only.",
        ),
        "batch_mismatch": Label(
            "Mã lô trong bản kê khác với tên tệp. Hãy đặt tên tệp đúng mã lô.",
            "The batch id in the manifest differs from the file's name. Name the file after the batch.",
        ),
        "scan_date_mismatch": Label(
            "Ngày quét khác với ngày trong mã lô. Hãy sửa cho khớp.",
            "The scan date differs from the day in the batch id. Make them agree.",
        ),
        "scan_date_in_future": Label(
            "Ngày quét sau ngày gửi. Hãy kiểm tra lại đồng hồ của máy quét.",
            "The scan date is later than the day of sending. Check the scanner's clock.",
        ),
        "scan_date_before_agency": Label(
            "Ngày quét sớm hơn ngày cơ quan có trong danh mục. Hãy chỉnh đồng hồ máy quét, gửi lại mã lô đúng ngày.",
            "The scan date lies before the agency's first day. Set the scanner's clock, send it under the right day.",
        ),
        "dossier_of_the_future": Label(
            "Mã hồ sơ ghi một ngày chưa đến. Hãy chép đúng mã trên giấy tiếp nhận.",
            "A dossier code names a day that has not come. Copy the code from the receipt of the dossier.",
        ),
        "empty_batch": Label(
            "Lô không có tài liệu nào. Hãy gửi lại khi có tài liệu.",
            "The batch has no document. Send it when it has one.",
        ),
        "path_outside_batch": Label(
            "Đường dẫn tệp ra ngoài thư mục của lô. Chỉ dùng tên tệp nằm trong lô.",
            "A file's path leads out of the batch's folder. Use names of files in the batch only.",
        ),
        "malformed_hash": Label(
            "Mã băm SHA-256 sai cấu trúc (64 ký tự thập lục phân viết thường). Hãy tính lại.",
            "A SHA-256 is malformed (64 lower-case hexadecimal digits). Compute it again.",
        ),
        "absurd_size": Label(
            "Dung lượng tệp ghi trong bản kê không hợp lý. Hãy kiểm tra lại.",
            "A file's size in the manifest makes no sense. Check it.",
        ),
        "duplicate_document": Label(
            "Một mã tài liệu xuất hiện nhiều lần. Mỗi tài liệu một mã riêng.",
            "A document id stands more than once. Every document has its own.",
        ),
        "duplicate_file": Label(
            "Một tệp được kê nhiều lần. Mỗi tệp chỉ kê một lần.",
            "A file is listed more than once. List each file once.",
        ),
        "malformed_dossier_code": Label(
            "Mã hồ sơ sai cấu trúc. Hãy chép đúng mã trên giấy tiếp nhận.",
            "The dossier code is malformed. Copy it from the receipt of the dossier.",
        ),
        "dossier_code_missing": Label(
            "Thiếu mã hồ sơ. Chỉ kết quả tồn đọng mới được để trống mã hồ sơ.",
            "The dossier code is missing. Only a result of earlier years may have none.",
        ),
        "pages_inconsistent": Label(
            "Số trang có ghi chú không khớp với số trang giấy. Hãy đếm lại.",
            "The pages with notes do not fit the number of pages. Count again.",
        ),
        "files_inconsistent": Label(
            "Tài liệu không quét thì không kê tệp; tài liệu có quét phải kê ít nhất một tệp.",
            "A document that was not scanned has no files; a scanned one has at least one.",
        ),
        "document_id_used": Label(
            "Mã tài liệu đã dùng ở lô khác. Hãy đặt mã mới; nếu quét lại thì ghi mã cũ là mã được thay thế.",
            "The document id is used in another batch. Use a new one; for a new scan name the old id in `replaces`.",
        ),
        "replaces_unknown": Label(
            "Tài liệu cần thay thế chưa được gửi. Hãy gửi lô gốc trước, hoặc kiểm tra lại mã.",
            "The document to replace was never sent. Send its batch first, or check the id.",
        ),
        "replaces_mismatch": Label(
            "Tài liệu thay thế phải cùng hồ sơ và cùng loại với tài liệu cũ.",
            "A document that replaces another has the same dossier and kind.",
        ),
        "batch_already_committed": Label(
            "Mã lô này đã được nhận với nội dung khác, không dùng lại được. Hãy gửi lô có số mới; tài liệu quét lại "
            "thì ghi mã tài liệu cũ là mã được thay thế.",
            "This batch id was received with another content. Send a new batch number and use `replaces`.",
        ),
        "batch_too_large": Label(
            "Lô quá lớn. Hãy chia thành nhiều lô nhỏ hơn, mỗi lô một số riêng.",
            "The batch is too large. Split it into smaller ones, each with its own number.",
        ),
        "over_quota": Label(
            "Cơ quan đã gửi quá hạn mức. Tệp đã gửi vẫn được giữ: ngày mai hãy gửi lại chính bản kê này; nếu có "
            "nhiều lô chưa gửi bản kê thì gửi nốt bản kê, hoặc xóa các lô đó. Cần gửi nhiều hơn, hãy báo"
            " Văn phòng UBND tỉnh.",
            "The agency has sent more than its quota. Its files are kept: send this manifest again tomorrow; commit or"
            " delete the batches that have no manifest. To send more, ask the office of the People's Committee.",
        ),
        "abandoned": Label(
            "Lô gửi dở: có tệp nhưng không có bản kê trong nhiều ngày, nên tệp đã được xóa để lấy chỗ. Nếu lô còn cần, "
            "hãy gửi lại toàn bộ tệp, rồi gửi bản kê sau cùng.",
            "The batch was left half-way: files and no manifest for many days, so the files have been deleted. If it is"
            " still needed, send all its files again, and the manifest last.",
        ),
    },
    "quotas": {
        "batch": Label("Lô này", "this batch"),
        "day": Label("Trong ngày, kể cả lô này", "in the day, with this batch"),
        "without_manifest": Label("Các lô chưa có bản kê", "batches without a manifest"),
    },
    "manifest_errors": {  # errors that need no reason code of their own; in braces what the rule allows
        "missing": Label("Thiếu trường này.", "the field is missing"),
        "extra_forbidden": Label("Trường này không có trong quy định: hãy bỏ đi.", "there is no such field"),
        "json_invalid": Label("Tệp không phải là JSON hợp lệ.", "the file is not valid JSON"),
        "not_utf8": Label(
            "Tệp không dùng bảng mã UTF-8. Hãy lưu lại bản kê với bảng mã UTF-8.",
            "the file is not UTF-8 text; save the manifest as UTF-8",
        ),
        "string_too_long": Label("Dài quá {max_length} ký tự. Hãy viết ngắn lại.", "too long"),
        "string_too_short": Label("Đang để trống. Hãy điền.", "empty"),
        "string_pattern_mismatch": Label(
            "Mã chỉ gồm chữ không dấu, chữ số, dấu chấm, gạch nối, gạch dưới; bắt đầu bằng chữ hoặc số; tối đa 80 ký "
            "tự.",
            "letters without accents, digits, '.', '_', '-'; at most 80",
        ),
        "string_type": Label("Phải là chuỗi ký tự, đặt trong dấu nháy kép.", "must be a text"),
        "control_character": Label("Có ký tự điều khiển (xuống dòng, tab). Hãy xóa đi.", "has control characters"),
        "literal_error": Label(
            "Giá trị không nằm trong danh mục. Chỉ dùng một trong các giá trị: {expected}.",
            "not one of the allowed values",
        ),
        "greater_than_equal": Label("Quá nhỏ: phải từ {ge} trở lên.", "too small"),
        "less_than_equal": Label("Quá lớn: không được quá {le}.", "too large"),
        "int_type": Label("Phải là số nguyên.", "must be a whole number"),
        "int_parsing": Label("Phải là số nguyên.", "must be a whole number"),
        "int_from_float": Label("Phải là số nguyên.", "must be a whole number"),
        "date_type": Label("Ngày phải viết dạng năm-tháng-ngày, ví dụ 2025-07-01.", "write a day as 2025-07-01"),
        "date_parsing": Label("Ngày phải viết dạng năm-tháng-ngày, ví dụ 2025-07-01.", "write a day as 2025-07-01"),
        "date_from_datetime_parsing": Label(
            "Ngày phải viết dạng năm-tháng-ngày, ví dụ 2025-07-01.", "write a day as 2025-07-01"
        ),
        "date_from_datetime_inexact": Label(
            "Ngày phải viết dạng năm-tháng-ngày, không kèm giờ, ví dụ 2025-07-01.", "write a day as 2025-07-01"
        ),
        "too_long": Label("Nhiều quá {max_length} mục. Hãy chia ra.", "too many elements"),
        "model_type": Label("Phải là một đối tượng JSON, đặt trong dấu ngoặc nhọn.", "must be a JSON object"),
        "tuple_type": Label("Phải là một danh sách JSON, đặt trong dấu ngoặc vuông.", "must be a JSON list"),
        None: Label("Giá trị không hợp lệ.", "not a valid value"),
    },
    "config_errors": {  # of an agency's configuration, where a manifest has none or speaks of JSON
        "greater_than": Label("Phải lớn hơn {gt}.", "too small"),
        "float_type": Label("Phải là một số.", "must be a number"),
        "float_parsing": Label("Phải là một số.", "must be a number"),
        "path_type": Label("Phải là đường dẫn đến một tệp.", "must be the path of a file"),
        "model_type": Label("Phải là một nhóm trường, viết sau tên nhóm trong ngoặc vuông.", "must be a table of TOML"),
        "address": Label("Hãy ghi dạng http://máy:cổng hoặc https://máy:cổng.", "write it as http://host:port"),
        "hours": Label(
            'Hãy ghi một danh sách giờ, ví dụ ["07:30-11:30", "13:30-17:00"].', 'write a list, as ["07:30-11:30"]'
        ),
    },
    "manifest_fields": {  # where in a manifest: fields, and places in lists counted from 1
        "": Label("Cả bản kê", "the whole manifest"),
        "value": Label("đang ghi “{}”", "has '{}'"),
        "named": Label(" (mã {})", " ({})"),
        "documents": Label("Danh sách tài liệu", "list of documents"),
        "documents[]": Label("Tài liệu {}", "document {}"),
        "files": Label("danh sách tệp", "list of files"),
        "files[]": Label("tệp {}", "file {}"),
        "note_pages": Label("trang có dán ghi chú", "pages with notes"),
        "note_pages[]": Label("trang có dán ghi chú thứ {}", "page with a note {}"),
        "schema_version": Label("phiên bản bản kê", "version of the form"),
        "agency": Label("mã cơ quan", "agency"),
        "batch": Label("mã lô", "batch id"),
        "scan_date": Label("ngày quét", "scan date"),
        "operator": Label("người quét", "who scanned"),
        "operator_org": Label("đơn vị của người quét", "whom the operator works for"),
        "device": Label("máy quét", "scanner"),
        "id": Label("mã máy", "id of the scanner"),
        "model": Label("kiểu máy", "model"),
        "document_id": Label("mã tài liệu", "document id"),
        "dossier_code": Label("mã hồ sơ", "dossier code"),
        "procedure_code": Label("mã thủ tục", "procedure code"),
        "kind": Label("loại", "kind"),
        "title": Label("tên tài liệu", "title"),
        "content": Label("nội dung", "content"),
        "paper": Label("khổ giấy", "paper"),
        "cover": Label("loại bìa", "cover"),
        "physical_pages": Label("số trang giấy", "pages on paper"),
        "replaces": Label("mã tài liệu cũ được thay thế", "document that is replaced"),
        "not_scanned": Label("lý do không quét", "why it was not scanned"),
        "ask_reviewer": Label("lý do đề nghị người kiểm tra xem lại", "why a person is asked"),
        "path": Label("tên tệp", "file name"),
        "sha256": Label("mã băm", "hash"),
        "bytes": Label("dung lượng", "size"),
        "role": Label("công dụng của tệp", "role of the file"),
        "sheet": Label("số tờ", "sheet"),
    },
    "sending_states": {  # of a batch on an agency's computer
        "planned": Label("Đang gửi", "being sent"),
        "claimed": Label("Đang gửi", "being sent"),
        "uploaded": Label("Đang chốt lô", "being committed"),
        "committed": Label("Đã gửi, chờ giấy báo", "sent, waits for its slip"),
        "admitted": Label("Đã có giấy báo", "answered"),
        "refused": Label("Bị trả lại", "refused"),
    },
    "ways_back": {  # how a refused batch is sent again
        "same": Label(
            "Sửa bản kê rồi gửi lại đúng mã lô này: mã lô chưa bị dùng mất. Tệp đã tải lên không phải tải lại.",
            "Correct the manifest and send it under the same batch id. Files that were uploaded stay.",
        ),
        "other_day": Label(
            "Nếu mã lô đúng thì sửa bản kê rồi gửi lại đúng mã lô này; tệp đã tải lên không phải tải lại. Nếu ngày "
            "trong mã lô sai thì gửi lại cả tệp và bản kê dưới mã lô đúng ngày.",
            "If the batch id is right, correct the manifest and send it under the same id. If its day is wrong, send "
            "files and manifest under the id of the right day.",
        ),
        "new": Label(
            "Gửi lại cả tệp và bản kê dưới một mã lô mới, đúng mẫu; không dùng lại mã lô này.",
            "Send files and manifest under a new batch id.",
        ),
        "again": Label(
            "Mã lô này chưa bị dùng mất: gửi lại cả tệp và bản kê dưới đúng mã lô này.",
            "The batch id is free: send files and manifest under it again.",
        ),
    },
    # values of page columns
    "page_values": {
        "colour": Label("màu", "colour"),
        "grey": Label("thang xám", "grey"),
        "bilevel": Label("đen trắng", "black and white"),
        "pdf": Label("PDF", "PDF"),
        "jpeg": Label("JPEG", "JPEG"),
        "png": Label("PNG", "PNG"),
        "tiff": Label("TIFF", "TIFF"),
        "True": Label("có", "yes"),
        "False": Label("không có", "no"),
        "None": Label("không rõ", "not known"),
        "repaired": Label("có", "yes"),
        "unchecked": Label("chưa kiểm tra được", "not checked"),
    },
    # rates and their dossiers
    "definitions": {
        "dn_and": Label("Thành phần và kết quả", "components and result"),
        "dn_or": Label("Thành phần hoặc kết quả", "components or result"),
        "dn_store": Label("Từng giấy tờ", "each paper"),
        "by_stage": Label("Từng giai đoạn", "each stage"),
    },
    "rate_names": {
        "dn_and": Label("Hồ sơ đã số hóa cả thành phần và kết quả", "dossiers with component and result digitised"),
        "dn_or": Label("Hồ sơ đã số hóa thành phần hoặc kết quả", "dossiers with component or result digitised"),
        "dn_store": Label("Giấy tờ đã số hóa trên giấy tờ phải số hóa", "papers digitised of papers to digitise"),
        "by_stage components": Label(
            "Hồ sơ đã số hóa thành phần khi tiếp nhận", "dossiers with a component digitised when received"
        ),
        "by_stage result": Label(
            "Hồ sơ đã giải quyết có kết quả đã số hóa", "finished dossiers with the result digitised"
        ),
        "backlog": Label(
            "Kết quả giấy còn hiệu lực đã số hóa, cộng dồn", "paper results in force digitised, cumulative"
        ),
    },
    "steps": {"day": Label("ngày", "day"), "week": Label("tuần", "week"), "month": Label("tháng", "month")},
    "levels": _LEVELS,
    "unit_levels": {
        "province": Label("Tỉnh", "province"),
        "department": Label("Sở, ban, ngành", "department"),
        "district": Label("Huyện", "district"),
        "commune": Label("Xã", "commune"),
    },
    "summed_levels": _LEVELS | {"total": Label("Cộng", "total")},
    "weeks": {"this": Label("Tuần này", "this week"), "before": Label("Tuần trước", "week before")},
    "groups": {
        "lacking": Label("Trong mẫu số, chưa vào đủ tử số", "in the denominator, not wholly in the numerator"),
        "counted": Label("Trong mẫu số và tử số", "in denominator and numerator"),
        "out": Label("Ngoài mẫu số", "out of the denominator"),
    },
    "dossier_reasons": {
        "only_registered": Label("Mới đăng ký, chưa được tiếp nhận (trạng thái 1)", "only registered (status 1)"),
        "refused": Label("Không được tiếp nhận (trạng thái 3)", "not accepted (status 3)"),
        "withdrawn": Label("Công dân rút hồ sơ (trạng thái 7)", "withdrawn (status 7)"),
        "void": Label("Hồ sơ đã hủy hoặc hồ sơ thử", "void, or a test"),
        "exempt": Label("Được miễn số hóa", "exempt"),
        "nothing_due": Label("Không có giấy tờ nào phải số hóa", "no paper to digitise"),
        "no_component_due": Label("Không có thành phần nào phải số hóa", "no component to digitise"),
        "no_result_due": Label("Không trả kết quả giấy", "no result on paper"),
        "not_finished": Label("Chưa giải quyết xong (chưa có trạng thái 9, 10)", "not finished (no status 9 or 10)"),
        "counted_elsewhere": Label("Xã bị chia: tính cho đơn vị kế thừa chính", "commune split: counted elsewhere"),
        "digitised": Label("Đã số hóa, bản quét đạt", "digitised, the scan is accepted"),
        "waived": Label("Đạt nhờ chấp thuận ngoại lệ", "accepted by waiver"),
        "nothing_to_scan": Label("Không có giấy tờ nào phải quét", "nothing to scan"),
        "component_undeclared": Label("Thành phần chưa gửi", "component not sent"),
        "component_unreceived": Label("Thành phần gửi thiếu tệp", "component sent without all files"),
        "component_rejected": Label("Thành phần phải quét lại", "component to scan again"),
        "component_in_review": Label("Thành phần chờ kiểm tra", "component waits for review"),
        "result_undeclared": Label("Kết quả chưa gửi", "result not sent"),
        "result_unreceived": Label("Kết quả gửi thiếu tệp", "result sent without all files"),
        "result_rejected": Label("Kết quả phải quét lại", "result to scan again"),
        "result_in_review": Label("Kết quả chờ kiểm tra", "result waits for review"),
    },
    "comparison_reasons": {
        "not_over": Label("kỳ này chưa kết thúc", "the period is not over"),
        "holidays": Label("hai kỳ có số ngày làm việc khác nhau", "the periods have other numbers of working days"),
        "unit_changed": Label("đơn vị mới thành lập hoặc thay đổi địa giới", "the unit is new or has changed"),
        "no_dossiers": Label("một trong hai kỳ không có hồ sơ", "a period has no dossiers"),
    },
    "forecast_reasons": {
        "too_few_weeks": Label("chưa đủ số tuần có số liệu để dự báo", "too few weeks with figures"),
        "too_few_dossiers": Label("quá ít hồ sơ mỗi tuần để dự báo", "too few dossiers per week"),
        "too_old": Label("số liệu mới nhất đã quá cũ để dự báo", "the newest figures are too old"),
        "beyond_horizon": Label("chưa đạt trong thời gian dự báo được", "not reached as far as can be forecast"),
        "already": Label("đã đạt chỉ tiêu", "the target has been reached"),
        "ended": Label("đơn vị đã kết thúc hoạt động", "the unit has ended"),
    },
    "revision_causes": {
        "late_register": Label("Sổ tiếp nhận bổ sung hồ sơ", "dossiers added to the register"),
        "corrected_register": Label("Sổ tiếp nhận sửa hồ sơ", "dossiers corrected in the register"),
        "new_batch": Label("Lô quét sau khi in", "batch scanned since it was printed"),
        "late_batch": Label("Lô quét gửi muộn", "batch sent late"),
        "review": Label("Quyết định của người kiểm tra", "decision of a reviewer"),
        "judged_again": Label("Xét lại theo giới hạn khác", "judged again by other limits"),
        "recounted": Label(
            "Tính lại (cổng kiểm tra đóng hoặc mở, đổi cách tính)",
            "counted again (gate, other method)",
        ),
    },
    "replay_subjects": {
        "pages": Label("Trang", "Pages"),
        "documents": Label("Tài liệu", "Documents"),
        "defect_pages": Label("Lỗi, số trang", "Defects, pages"),
        "agency_pages": Label("Cơ quan, số trang", "Agencies, pages"),
        "agency_documents": Label("Cơ quan, số tài liệu", "Agencies, documents"),
        "rate": Label("Tỷ lệ số hóa toàn tỉnh", "Rate of the province"),
    },
    "replay_states": _VERDICTS
    | {
        "noted": Label("Ghi chú", "noted"),
        "received": Label("Đã nhận", "received"),
        "denominator": Label("Mẫu số", "denominator"),
        "rate_percent": Label("Tỷ lệ, %", "rate, %"),
    },
    # what the report names
    "sheets": {  # tables of the report, as the sheets of its workbook: at most 31 characters
        "rates": Label("Tỷ lệ toàn tỉnh", "rates"),
        "blocks": Label("Theo huyện và khối sở", "districts"),
        "forecast": Label("Dự báo", "forecast"),
        "verdicts": Label("Kết quả kiểm tra", "verdicts"),
        "defects": Label("Lỗi theo nguyên nhân", "defects"),
        "document_defects": Label("Lỗi của cả tài liệu", "document defects"),
        "classes": Label("Khổ giấy và loại bìa", "paper and cover"),
        "not_scanned": Label("Kê khai không quét", "not scanned"),
        "dirty_glass": Label("Máy quét cần lau kính", "scanners to clean"),
        "incidents": Label("Diễn biến bất thường", "incidents"),
        "categories": Label("Chênh lệch với Cổng", "difference to the portal"),
        "indicator": Label("Chỉ số 1.4", "indicator 1.4"),
        "lateness": Label("Quá hạn theo cấp", "lateness"),
        "late_units": Label("Đơn vị quá hạn nhiều", "units with most overdue"),
        "late_communes": Label("Cấp xã quá hạn nhiều", "communes with most overdue"),
        "agency_states": Label("Tình hình gửi lô", "what agencies sent"),
        "silent": Label("Cơ quan im lặng", "silent agencies"),
        "notices": Label("Cơ quan báo lý do", "notices"),
        "queue": Label("Hàng chờ lâu nhất", "longest queues"),
        "large_format": Label("Cần máy quét khổ lớn", "large format needed"),
        "districts": Label("Từng huyện", "district by district"),
        "units": Label("Từng đơn vị", "every unit"),
        "revisions": Label("Số liệu điều chỉnh", "revisions"),
        "agencies": Label("Từng cơ quan", "every agency"),
        "faulty_agencies": Label("Tệp lỗi theo cơ quan", "faulty files by agency"),
        "faulty_files": Label("Danh sách tệp lỗi", "faulty files"),
        "all_late_units": Label("Mọi đơn vị quá hạn", "all overdue units"),
        "proposals": Label("Kiến nghị", "proposals"),
        "last_proposals": Label("Kiến nghị kỳ trước", "last proposals"),
        "sources": Label("Nguồn số liệu", "sources"),
    },
    "unit_kinds": {  # what a unit is ranked among
        "department": Label("sở, ban, ngành", "departments"),
        "district": Label("huyện, thành phố", "districts"),
        "district_office": Label("cơ quan cấp huyện", "offices of districts"),
        "commune": Label("xã, phường, thị trấn", "communes"),
    },
    "responsible": {
        "province": Label("Cấp tỉnh", "province"),
        "department": Label("Sở, ban, ngành", "department"),
        "district": Label("Cấp huyện", "district"),
        "commune": Label("Cấp xã", "commune"),
    },
    "proposal_states": {
        "done": Label("Đã xong", "done"),
        "open": Label("Đang làm, chưa xong", "open"),
        "answered": Label("Đã gửi lô hoặc báo lý do, hồ sơ còn chờ", "it has sent or said why; dossiers wait"),
        "late": Label("Quá hạn, chưa xong", "late"),
        "worse": Label("Xấu hơn", "worse"),
        "moved": Label("Đơn vị đã kết thúc, chuyển đơn vị kế thừa", "the unit has ended"),
        "unknown": Label("Chưa rõ, thiếu nguồn số liệu", "not known, its source is missing"),
    },
    "sources": {
        "register": Label("Sổ hồ sơ của tỉnh", "register"),
        "status": Label("Lịch sử trạng thái hồ sơ", "status history"),
        "portal": Label("Cổng Dịch vụ công quốc gia", "national portal"),
        "ministry": Label("Hệ thống của bộ, ngành", "ministry systems"),
        "national_report": Label("Báo cáo quốc gia", "national report"),
        "backlog": Label("Số kết quả giấy còn hiệu lực", "results in force"),
        "notices": Label("Thông báo của cơ quan", "notices of agencies"),
    },
    "source_states": {
        "fresh": Label("Đủ đến hết tuần", "up to the end of the week"),
        "stale": Label("Thiếu các ngày cuối", "the last days are missing"),
        "absent": Label("Chưa có tệp nào", "never a file"),
        "now_and_then": Label("Không gửi hằng ngày", "comes now and then"),
    },
    "report_files": {
        "report.pdf": Label("PDF", "PDF"),
        "report.html": Label("Trang web", "web page"),
        "report.xlsx": Label("Bảng tính", "workbook"),
    },
    "invariants": {  # what Great Expectations calls a test -> what must hold; in braces the columns
        "expect_column_values_to_not_be_null": Label("{0} phải có giá trị", "{0} is not null"),
        "expect_column_values_to_be_null": Label("{0} phải để trống", "{0} is null"),
        "expect_compound_columns_to_be_unique": Label("mỗi {0} chỉ có một dòng", "one row for each {0}"),
        "expect_column_pair_values_a_to_be_greater_than_b": Label("{0} không nhỏ hơn {1}", "{0} >= {1}"),
        "expect_column_pair_values_to_be_equal": Label("{0} phải bằng {1}", "{0} = {1}"),
        "expect_column_values_to_be_between": Label("{0} nằm trong khoảng cho phép", "{0} is in its bounds"),
        "expect_column_values_to_be_in_set": Label("{0} phải là giá trị cho phép", "{0} is one of its values"),
        None: Label("{0} đúng quy tắc", "{0} holds"),
    },
    "checked_tables": {
        "pages": Label("Trang quét", "pages"),
        "documents": Label("Tài liệu", "documents"),
        "batches": Label("Lô quét", "batches"),
        "progress_daily": Label("Tiến độ theo ngày, theo đơn vị", "progress by day and unit"),
    },
    "checked_columns": {
        "agency": Label("cơ quan", "agency"),
        "batch": Label("lô", "batch"),
        "document_id": Label("mã tài liệu", "document id"),
        "file": Label("tệp", "file"),
        "page_no": Label("số trang", "page"),
        "verdict": Label("kết luận", "verdict"),
        "is_received": Label("đã nhận", "is received"),
        "not_scanned": Label("lý do không quét", "why it was not scanned"),
        "pages_declared": Label("số trang đã kê", "pages declared"),
        "pages_found": Label("số trang tìm thấy", "pages found"),
        "pages_accepted": Label("số trang đạt", "pages accepted"),
        "documents_declared": Label("số tài liệu đã kê", "documents declared"),
        "documents_received": Label("số tài liệu đã nhận", "documents received"),
        "documents_accepted": Label("số tài liệu đạt", "documents accepted"),
        "manifest_sha256": Label("mã băm của bản kê", "hash of the manifest"),
        "refusal": Label("lý do từ chối", "refusal"),
        "dossier_date": Label("ngày hồ sơ", "dossier day"),
        "unit_code": Label("mã đơn vị", "unit"),
        "definition": Label("cách tính", "definition"),
        "stage": Label("giai đoạn", "stage"),
        "numerator": Label("tử số", "numerator"),
        "denominator": Label("mẫu số", "denominator"),
        "declared": Label("đã kê", "declared"),
        "received": Label("đã nhận", "received"),
        "accepted": Label("đã đạt", "accepted"),
        "waived": Label("đạt nhờ ngoại lệ", "waived"),
        "finished": Label("đã giải quyết xong", "finished"),
        "is_known": Label("đơn vị có trong danh mục của ngày đó", "the unit is one of its day"),
        "is_rate": Label("cách tính và giai đoạn có trong danh mục", "the rate is defined"),
    },
    "versions": {
        "engine_version": Label("phần mềm đo trang", "page engine"),
        "thresholds_version": Label("ngưỡng", "limits"),
    },
    "chart_lines": {"baseline": Label("mức đầu", "baseline"), "target": Label("chỉ tiêu", "target")},
    # agencies and scanners
    "notice_kinds": _NOTICES,
    "activity_states": _NOTICES
    | {
        "silent": Label("Im lặng: không gửi lô", "sent nothing and gave no notice"),
        "refused": Label("Lô bị từ chối", "batch refused"),
        "sent": Label("Có gửi lô", "sent a batch"),
        "nothing_waits": Label("Không còn hồ sơ chờ quét", "no dossier waits"),
        "day_off": Label("Ngày nghỉ", "day off"),
        "no_agency": Label("Không hoạt động trong ngày này: đã thôi, chưa lập hoặc mã lạ", "not at work on this day"),
    },
    "incident_measures": _DEFECTS | {"volume": Label("Số trang trong ngày", "pages per day")},
    "incident_states": {
        "open": Label("Đang mở", "open"),
        "closed": Label("Đã trở lại bình thường", "back to normal"),
    },
    # samples that people look at
    "inspection_severities": {
        "normal": Label("Thường", "normal"),
        "tightened": Label("Ngặt", "tightened"),
        "reduced": Label("Giảm", "reduced"),
    },
    "strata": {
        "accepted": Label("Hệ thống cho đạt", "accepted by the program"),
        "rejected": Label("Hệ thống không cho đạt", "rejected by the program"),
        "borderline": Label("Chờ người kiểm tra", "left to a person"),
    },
    "lot_outcomes": {
        "open": Label("Chưa xem hết", "not all looked at"),
        "passed": Label("Tin được", "holds"),
        "failed": Label("Sai nhiều quá mức", "too many wrong"),
    },
    # reconciliation with the national portal
    "categories": {
        "portal": Label("Trên Cổng Dịch vụ công quốc gia", "rows on the national portal"),
        "province": Label("Trên hệ thống của tỉnh", "dossiers of the province, void ones left out"),
        "R0": Label("Bản quét không có hồ sơ", "received document, not replaced, whose dossier the register lacks"),
        "R1": Label(
            "Chỉ có trên Cổng, chưa tiếp nhận", "on the portal with status 1 or 3, absent or void in the province"
        ),
        "R2": Label(
            "Chỉ có trên Cổng, không rõ nguồn", "on the portal with another status, absent or void in the province"
        ),
        "R3": Label("Trùng trên Cổng", "further spelling of a dossier on the portal"),
        "R4": Label("Chưa đồng bộ", "in the province, not on the portal"),
        "R5": Label("Hồ sơ hệ thống bộ, có trên Cổng", "in a ministry system and on the portal, not in the province"),
        "R5_ministry": Label("Hồ sơ hệ thống bộ, không có trên Cổng", "only in a ministry system"),
        "R6": Label("Lệch trạng thái", "the status differs"),
        "R7_out": Label("Lệch kỳ, Cổng ghi ngày khác: chuyển đi", "the portal counts it on another day"),
        "R7_in": Label("Lệch kỳ, tỉnh ghi ngày khác: chuyển đến", "the province counts it on another day"),
        "R8_out": Label("Lệch đơn vị, Cổng ghi đơn vị khác: chuyển đi", "the portal counts it in another unit"),
        "R8_in": Label("Lệch đơn vị, tỉnh ghi đơn vị khác: chuyển đến", "the province counts it in another unit"),
        "R9": Label("Lệch mã thủ tục", "the code of the procedure differs"),
        "R10": Label("Lệch cờ số hóa", "the portal's flag differs from the accepted scans"),
        "R11": Label(
            "Hỏng đường dẫn kết quả", "finished in the register, and the link to the result is missing or broken"
        ),
        "R12": Label("Lệch hạn trả", "the promised date differs"),
    },
    "indicators": {
        "official": Label("Như Cổng tính", "as the portal counts"),
        "adjusted": Label("Không kể hồ sơ hệ thống bộ", "without dossiers of ministry systems"),
    },
    "bases": {
        "national_report": Label("báo cáo quốc gia", "national report"),
        "portal": Label("tiếp nhận trên Cổng", "received on the portal"),
        "last_year": Label("bình quân năm trước", "mean of last year"),
        None: Label("chưa có số liệu", "no figures yet"),
    },
    # the pages in the Airflow UI, and the words of the report's charts on them
    "page_words": {
        "product": Label("Số hóa", "Digitisation"),
        "skip": Label("Tới nội dung", "Skip to content"),
        "pages": Label("Các trang", "Pages"),
        "page_progress": Label("Tiến độ", "Progress"),
        "page_batches": Label("Lô quét", "Batches"),
        "page_reconciliation": Label("Đối soát", "Reconciliation"),
        "page_quality": Label("Chất lượng", "Quality"),
        "page_reports": Label("Báo cáo", "Reports"),
        "page_decisions": Label("Chờ quyết định", "To decide"),
        "page_visits": Label("Nhật ký xem", "Visits"),
        "run_of": Label("Lượt chạy của {}", "Run of {}"),
        "run_batches": Label("{} lô của lượt chạy", "{} batches of this run"),
        "run_without_batches": Label("Lượt chạy này không ghi lô nào.", "This run wrote no batch."),
        "run_tasks": Label("Các việc của lượt chạy", "Tasks of this run"),
        "task": Label("Việc", "Task"),
        "outcome": Label("Kết quả", "Outcome"),
        "ended_at": Label("Kết thúc", "Ended"),
        "seconds": Label("Giây", "Seconds"),
        "did": Label("Đã làm gì", "What it did"),
        "try_": Label("lần {}", "try {}"),
        "empty_run": Label(
            "Chưa việc nào của lượt chạy này kết thúc. Tải lại trang sau vài giây; nếu vẫn trống, lượt chạy không có "
            "gì để làm hoặc đã quá cũ.",
            "No task of this run has ended yet. Load the page again in some seconds; if it stays empty there was "
            "nothing to do, or the run is too old.",
        ),
        "find": Label("Tìm", "Find"),
        "find_hint": Label("Mã lô, mã hồ sơ, cơ quan, mã tài liệu", "batch, dossier code, agency, document id"),
        "search": Label("Tìm", "Search"),
        "show": Label("Xem", "Show"),
        "all": Label("Tất cả", "All"),
        "other_language": Label("English", "Tiếng Việt"),
        "previous": Label("Trước", "Previous"),
        "next": Label("Sau", "Next"),
        "parts": Label("Các phần của danh sách", "Parts of the list"),
        "part_of": Label("Phần {}/{}, tất cả {} dòng", "Part {} of {}, {} rows in all"),
        "nothing_here": Label("Không có gì trong khoảng đã chọn.", "Nothing in what was chosen."),
        "minutes": Label("{} phút", "{} min"),
        "hours": Label("{} giờ", "{} hours"),
        "days": Label("{} ngày", "{} days"),
        "chart_loading": Label("Đang vẽ biểu đồ…", "Drawing the chart…"),
        "chart_nothing": Label("Chưa có số liệu để vẽ.", "No figures to draw yet."),
        "chart_failed": Label(
            "Không vẽ được biểu đồ; hãy tải lại trang.", "The chart could not be drawn; load the page again."
        ),
        "failure": Label("Không mở được trang", "The page cannot be opened"),
        "back_to_start": Label("Về trang Tiến độ", "Back to Progress"),
        "not_logged_in": Label("Hãy đăng nhập vào Airflow.", "Log in to Airflow."),
        "to_login": Label("Đến trang đăng nhập", "To the login page"),
        "not_allowed": Label(
            "Tài khoản này không được xem trang này. Hãy hỏi người quản trị Airflow.",
            "This account may not see this page. Ask who administers Airflow.",
        ),
        "not_found": Label(
            "Không có trang này, hoặc dữ liệu của nó không còn trong kho.",
            "There is no such page, or its data are no longer in the store.",
        ),
        "not_possible": Label(
            "Không thực hiện được; xem nhật ký của máy chủ.", "This could not be done; see the server's log."
        ),
        "busy": Label(
            "Máy chủ đang vẽ trang khác. Hãy tải lại sau ít giây.",
            "The server draws other pages. Load this one again in some seconds.",
        ),
        "being_read": Label("Đang đọc số liệu", "Figures are being read"),
        "being_read_said": Label(
            "Máy chủ đang đọc {} tệp số liệu mới từ kho; việc này chỉ làm một lần. Trang này tự mở lại sau mỗi {} "
            "giây; trong khi chờ có thể xem các trang khác.",
            "The server is reading {} new files of figures from the store; this is done once. This page opens again by "
            "itself every {} seconds; other pages can be read meanwhile.",
        ),
        "bad_address": Label("Địa chỉ thiếu hoặc sai một giá trị.", "A value of the address is missing or malformed."),
        "bad_input": Label("Địa chỉ hỏi điều không có: {}", "The address asks for what does not exist: {}"),
        "store_away": Label(
            "Không đọc được kho lưu trữ. Hãy chạy `sohoa stack status store` (Compose: `docker compose ps store`), "
            "rồi tải lại trang.",
            "The store cannot be read. Run `sohoa stack status store` (Compose: `docker compose ps store`), then load "
            "the page again.",
        ),
        "object_damaged": Label(
            "Tệp {} trong kho bị hỏng, và máy chủ này chưa từng đọc bản trước đó. Hãy khôi phục tệp này như "
            "docs/runbook.md hướng dẫn; chậm nhất sau một phút trang mở lại được.",
            "The object {} of the store is damaged, and this server has read none before it. Bring it back as "
            "docs/runbook.md says; a minute later at most the page can be opened again.",
        ),
        "shown_from": Label(
            "Một phần số liệu là của lúc {}: tệp {} trong kho bị hỏng từ sau lúc đó. Hãy khôi phục tệp này như "
            "docs/runbook.md hướng dẫn.",
            "Some of the figures are those of {}: the object {} of the store has been damaged since. Bring it back as "
            "docs/runbook.md says.",
        ),
        "empty_progress": Label(
            "Chưa có tiến độ: chạy DAG summarise_progress, hoặc `sohoa run summarise`.",
            "No progress yet: trigger summarise_progress, or run `sohoa run summarise`.",
        ),
        "empty_batches": Label(
            "Chưa kiểm tra lô nào: chờ check_scan_batches, hoặc chạy `sohoa run check`.",
            "No batch was checked yet: wait for check_scan_batches, or run `sohoa run check`.",
        ),
        "empty_reconciliation": Label(
            "Chưa đối soát: chạy DAG reconcile_portal, hoặc `sohoa run reconcile`.",
            "Nothing was reconciled yet: trigger reconcile_portal, or run `sohoa run reconcile`.",
        ),
        "empty_quality": Label(
            "Chưa có số liệu chất lượng: chạy DAG summarise_progress sau khi có lô đầu tiên.",
            "No figures of quality yet: trigger summarise_progress after the first batch.",
        ),
        "empty_reports": Label(
            "Chưa có báo cáo: chạy DAG weekly_quality_report cho một tuần, hoặc `sohoa run report`.",
            "No report yet: trigger weekly_quality_report for a week, or run `sohoa run report`.",
        ),
        "above": Label("Đơn vị cấp trên", "Units above"),
        "definition": Label("Cách tính", "Definition"),
        "stage": Label("Giai đoạn", "Stage"),
        "map": Label("Địa giới", "Map"),
        "own_map": Label("Của ngày tiếp nhận", "Of each dossier's own day"),
        "from_day": Label("Từ ngày", "From"),
        "to_day": Label("Đến ngày", "To"),
        "lines_said": Label("Hai mức đã công bố để so: {} và {}.", "Two published figures to compare with: {} and {}."),
        "unit_since": Label(
            "Đơn vị này có từ {}: các ngày trước không tính. Chọn một địa giới để nối với đơn vị trước đó.",
            "This unit stands since {}: earlier days are not its own. Choose a map to join it with what it "
            "was formed from.",
        ),
        "ladder": Label("Từ kê khai đến đạt", "From declared to accepted"),
        "denominator": Label("Mẫu số", "Due"),
        "declared": Label("Kê khai", "Declared"),
        "received": Label("Đã nhận", "Received"),
        "accepted": Label("Đạt", "Accepted"),
        "waived": Label("Ngoại lệ", "Waived"),
        "rate": Label("Tỷ lệ đạt", "Rate"),
        "official": Label("Chính thức (đã nhận)", "Official (received)"),
        "way": Label("{} đường tới chỉ tiêu", "{} of the way to the target"),
        "trend": Label("Diễn biến theo tuần", "Trend by week"),
        "units_below": Label("Đơn vị trực thuộc", "Units below"),
        "no_units_below": Label("Đây là đơn vị cuối.", "This is a lowest unit."),
        "unit": Label("Đơn vị", "Unit"),
        "by_week": Label("Theo tuần", "By week"),
        "by_day": Label("Theo ngày", "By day"),
        "dossiers": Label("Hồ sơ", "Dossiers"),
        "days_of_week": Label("Từng ngày", "Days"),
        "map_of_communes": Label("Bản đồ các xã", "Map of communes"),
        "campaign": Label("Đợt thi đua", "Campaign"),
        "ranks": Label("Xếp hạng {} đơn vị", "Ranking of {} units"),
        "place": Label("Hạng", "Place"),
        "level": Label("Cấp", "Level"),
        "change": Label("So với kỳ trước (điểm %)", "Change (points)"),
        "no_ranks": Label(
            "Chưa có xếp hạng: đợt này chưa bắt đầu, hoặc chưa có số liệu.",
            "No ranking: the campaign has not begun, or there are no figures.",
        ),
        "no_campaign": Label(
            "Chưa khai báo đợt thi đua nào (SOHOA_SITE, hoặc SOHOA_CAMPAIGNS_FILE).",
            "No campaign is configured (SOHOA_SITE, or SOHOA_CAMPAIGNS_FILE).",
        ),
        "trend_said": Label(
            "{}: {} tuần, từ {} đến {}. Đường chấm {}, đường gạch {}. Điểm rỗng là tuần còn mới; vùng xám là "
            "khoảng dự báo 80 %.",
            "{}: {} weeks, from {} to {}. Dotted line {}, dashed line {}. Hollow points are young weeks; the "
            "grey band is the 80 % interval of the forecast.",
        ),
        "reached_said": Label(
            "Dự báo đạt chỉ tiêu vào tuần {} (sớm nhất {}, muộn nhất {}).",
            "Expected to reach the target in the week of {} (earliest {}, latest {}).",
        ),
        "map_said": Label(
            "{} xã trên bản đồ, {} xã chưa có tọa độ. Số xã theo nhóm: {}.",
            "{} communes on the map, {} without coordinates. By class: {}.",
        ),
        "figure_said": Label(
            "Tử số {} / mẫu số {}: {} đạt, {} nhận (chính thức).",
            "Numerator {} of {}: {} accepted, {} received (official).",
        ),
        "dossier": Label("Hồ sơ", "Dossier"),
        "reason": Label("Lý do", "Reason"),
        "agency": Label("Cơ quan", "Agency"),
        "scan_day": Label("Ngày quét", "Scan day"),
        "state": Label("Tình trạng", "State"),
        "state_inbox": Label("Chờ kiểm tra", "In the inbox"),
        "state_in_work": Label("Đang kiểm tra", "In work"),
        "state_judged": Label("Đã kiểm tra", "Judged"),
        "state_refused": Label("Bị từ chối", "Refused"),
        "batches_of_days": Label("Lô có ngày quét từ {} đến {}.", "Batches scanned from {} to {}."),
        "waiting": Label("Đang chờ", "Waiting"),
        "batch": Label("Lô", "Batch"),
        "since": Label("Từ lúc", "Since"),
        "age": Label("Đã chờ", "Age"),
        "why_here": Label("Vì sao", "Why"),
        "why_inbox": Label("Chờ lượt kiểm tra tới.", "Waits for the next check."),
        "why_left": Label(
            "Cơ quan gửi quá phần chia của một lượt: chờ lượt sau.",
            "More than its agency's share of one check: waits for a later one.",
        ),
        "why_in_work": Label("Lượt kiểm tra đang chạy đã nhận lô này.", "A check that runs now has taken it."),
        "why_pending": Label(
            "Đã kiểm tra, chưa tính vào tiến độ: chờ summarise_progress.",
            "Judged, not yet in the figures: waits for summarise_progress.",
        ),
        "why_counted": Label("Đã tính vào tiến độ.", "Counted."),
        "nothing_waits": Label("Không có lô nào chờ.", "No batch waits."),
        "first_of": Label("{} dòng đầu trong {} dòng.", "The first {} of {} rows."),
        "checked": Label("Đã kiểm tra", "Checked"),
        "received_at": Label("Nhận lúc", "Received"),
        "documents": Label("Tài liệu", "Documents"),
        "pages_": Label("Trang", "Pages"),
        "verdict": Label("Kết luận", "Verdict"),
        "slip": Label("Phiếu trả lại", "Slip"),
        "found_for": Label("Kết quả tìm: {}", "Found for: {}"),
        "dossier_known": Label("Hồ sơ {}: đơn vị {}, trạng thái {}.", "Dossier {}: unit {}, status {}."),
        "dossiers_of_day": Label("Hồ sơ cùng ngày, cùng đơn vị", "Dossiers of this day and unit"),
        "dossier_not_in_register": Label(
            "Có bản quét, nhưng sổ tiếp nhận chưa có hồ sơ này (R0): không vào tỷ lệ nào.",
            "It has scans, but the register lacks it (R0): it is in no rate.",
        ),
        "dossier_unknown": Label(
            "Bảng tổng hợp chưa có hồ sơ này: mã sai, hoặc ngày đó chưa được tổng hợp.",
            "The summaries do not know this dossier: the code is wrong, or its day is not summarised yet.",
        ),
        "document": Label("Tài liệu", "Document"),
        "kind": Label("Loại", "Kind"),
        "found_nothing": Label(
            "Không thấy. Tìm được bằng mã lô (H37.60-20240401-001), mã hồ sơ (cả hai cách viết), mã hoặc tên "
            "cơ quan, mã tài liệu.",
            "Nothing found. Search for a batch id (H37.60-20240401-001), a dossier code in either spelling, "
            "an agency's code or name, or a document id.",
        ),
        "operator": Label("Người quét", "Operator"),
        "device": Label("Máy quét", "Scanner"),
        "of_declared": Label("{} đạt, {} đã nhận, {} đã kê", "{} accepted, {} received, {} declared"),
        "versions": Label("Phần mềm đo, ngưỡng", "Engine, limits"),
        "defects": Label("Lỗi", "Defects"),
        "bad_pages": Label("Trang lỗi", "Faulty pages"),
        "page_": Label("Trang", "Page"),
        "page_of": Label("trang {}/{} của lô", "page {} of {} of the batch"),
        "neighbours": Label("Trang khác của lô", "Other pages of the batch"),
        "go_previous": Label("Trang trước", "Previous"),
        "go_next": Label("Trang sau", "Next"),
        "go_previous_bad": Label("Trang lỗi trước", "Previous faulty"),
        "go_next_bad": Label("Trang lỗi sau", "Next faulty"),
        "scan_said": Label("Ảnh quét trang {} của tệp {}", "Scan of page {} of {}"),
        "whole_page": Label("Cả trang", "Whole page"),
        "show_marks": Label("Hiện khung lỗi", "Show defect boxes"),
        "zoom_hint": Label(
            "Lăn chuột hoặc phím + − để phóng, kéo hoặc phím mũi tên để dời.",
            "Wheel or + − zooms, dragging or arrow keys move.",
        ),
        "full_resolution": Label("Ảnh {} × {} điểm.", "Picture of {} × {} pixels."),
        "loading_tiles": Label("Đang mở ảnh rõ hơn…", "Opening a finer picture…"),
        "no_tiles": Label("Không mở được ảnh rõ hơn.", "No finer picture can be had."),
        "no_picture": Label(
            "Không xem được trang này: tệp không mở được, đã đổi sau khi đo, hoặc không còn trong kho.",
            "This page cannot be shown: the file does not open, was changed since, or is no longer in the store.",
        ),
        "twin": Label("Trang giống trang này", "The page that it repeats"),
        "bits": Label("khác {} trên 256 bit", "{} of 256 bits differ"),
        "file": Label("Tệp", "File"),
        "size": Label("Kích thước", "Size"),
        "bytes": Label("Dung lượng (byte)", "Bytes"),
        "values": Label("Giá trị đo và ngưỡng", "Measured values and limits"),
        "limits_changed": Label(
            "Lô này được xét theo một bộ ngưỡng khác; dưới đây là ngưỡng đang dùng.",
            "This batch was judged by another set of limits; those below are in force now.",
        ),
        "quantity": Label("Đại lượng", "Quantity"),
        "measured": Label("Đo được", "Measured"),
        "limit": Label("Ngưỡng", "Limit"),
        "defect": Label("Lỗi", "Defect"),
        "severity": Label("Mức", "Severity"),
        "categories": Label("Các nhóm lệch", "Categories"),
        "category": Label("Nhóm", "Category"),
        "meaning": Label("Nội dung", "Meaning"),
        "entries": Label("Số lượng", "Entries"),
        "portal_less_province": Label("Cổng − tỉnh", "Portal − province"),
        "oldest_days": Label("Lâu nhất (ngày)", "Oldest (days)"),
        "mean_days": Label("Bình quân (ngày)", "Mean (days)"),
        "balance": Label(
            "Cổng − tỉnh = {}; các nhóm giải thích {}; còn lại {}.",
            "Portal − province = {}; the categories explain {}; {} remain.",
        ),
        "indicator": Label(
            "Chỉ số 1.4, hồ sơ đồng bộ lên Cổng (Quyết định 766/QĐ-TTg)",
            "Indicator 1.4, dossiers on the portal (decision 766/QĐ-TTg)",
        ),
        "second_number": Label(
            "Số thứ hai để đối chiếu, không thay số chính thức.",
            "The second figure is for comparison and does not replace the official one.",
        ),
        "other_units": Label("Đơn vị khác", "Other units"),
        "last_days_only": Label(
            "Chỉ liệt kê các ngày từ {}; chọn khoảng ngắn hơn để xem các ngày trước.",
            "Only days from {} on are listed; choose a shorter period for earlier ones.",
        ),
        "province_says": Label("Tỉnh ghi", "Province"),
        "portal_says": Label("Cổng ghi", "Portal"),
        "first_seen": Label("Thấy từ", "Since"),
        "days_not_reconciled": Label(
            "Chưa đối soát {}: chạy DAG reconcile_portal.", "Not reconciled yet: {}; trigger reconcile_portal."
        ),
        "days_without_portal": Label(
            "Chưa có tệp của Cổng cho {}: không kết luận hồ sơ nào chưa đồng bộ; xin tệp của Cổng.",
            "No file of the portal for {}: nothing is said to lack there; ask for it.",
        ),
        "days_without_data": Label(
            "Chưa có số liệu nào của {}: không phải là 0 hồ sơ.", "Nothing is known of {}: that is not 0 dossiers."
        ),
        "days_changed": Label(
            "Có thay đổi sau khi đối soát ở {}: chạy DAG reconcile_portal để đối soát lại.",
            "Changed since it was reconciled: {}; trigger reconcile_portal again.",
        ),
        "no_indicator": Label(
            "Chưa tính chỉ số 1.4: còn ngày chưa đối soát hoặc chưa có tệp của Cổng.",
            "Indicator 1.4 is not computed: days are not reconciled, or lack the portal's file.",
        ),
        "any_defect": Label("Trang không đạt, mọi lỗi", "Pages not accepted, any defect"),
        "causes": Label("Lỗi theo nguyên nhân", "Defects by cause"),
        "no_defects": Label("Không có trang lỗi trong khoảng này.", "No faulty page in these days."),
        "judged_pages": Label("Trang đã xét", "Pages judged"),
        "share": Label("Tỷ lệ", "Share"),
        "where": Label("Ở đâu", "Where"),
        "paper": Label("Khổ giấy", "Paper"),
        "cover": Label("Loại bìa", "Cover"),
        "agencies_most": Label("Cơ quan nhiều trang lỗi nhất", "Agencies with most faulty pages"),
        "devices": Label("Máy quét", "Scanners"),
        "heat": Label("Tỷ lệ trang đạt (%) theo cơ quan và tuần", "Share of good pages (%) by agency and week"),
        "heat_said": Label(
            "{} trong {} cơ quan, {} tuần; ô càng đậm càng ít trang đạt.",
            "{} of {} agencies, {} weeks; the darker, the fewer good pages.",
        ),
        "causes_said": Label("{} loại lỗi; nhiều nhất “{}”: {} trang.", "{} defects; most often '{}': {} pages."),
        "incidents": Label("Diễn biến bất thường đang mở", "Open incidents"),
        "measure": Label("Nội dung", "Measure"),
        "no_incidents": Label("Không có diễn biến bất thường nào đang mở.", "No incident is open."),
        "decisions_said": Label(
            "Tài liệu chờ người kiểm tra quyết định, quét trong {} tuần gần nhất, cũ nhất trước.",
            "Documents that wait for a person, scanned in the last {} weeks, the oldest first.",
        ),
        "agency_asks": Label("Cơ quan cho là đúng", "Its agency holds it to be right"),
        "nothing_to_decide": Label("Không có tài liệu nào chờ quyết định.", "No document waits for a decision."),
        "decide": Label("Quyết định về cả tài liệu", "Decide about the whole document"),
        "reason_missing": Label(
            "Chưa ghi lý do: hãy quay lại, ghi lý do rồi ghi quyết định.",
            "There is no reason: go back, give one, and record the decision again.",
        ),
        "decision_unfit": Label(
            "Quyết định này không hợp với tài liệu (nữa): hãy tải lại trang của tài liệu và chọn lại.",
            "This decision does not fit the document (any more): load its page again, and choose anew.",
        ),
        "decide_now": Label("Ghi quyết định", "Record the decision"),
        "decide_said": Label(
            "Ghi tên người đăng nhập và lý do; phiếu trả lại đổi ngay, tỷ lệ đổi sau lần summarise_progress tới.",
            "Your login and the reason are kept; the slip changes at once, rates after the next summarise_progress.",
        ),
        "week": Label("Tuần", "Week"),
        "formats": Label("Định dạng", "Formats"),
        "made_at": Label("Lập lúc", "Made"),
        "deliveries": Label("Gửi thư", "Mail"),
        "report_of": Label("Báo cáo {}", "Report {}"),
        "revised_in": Label(
            "Số liệu điều chỉnh sau khi in nằm ở báo cáo của tuần sau, mục Số liệu điều chỉnh.",
            "What was revised since stands in the next week's report, under revisions.",
        ),
        "mail_waits": Label("Đang chờ gửi", "Waits to be mailed"),
        "mail_none": Label("Chưa gửi cho ai.", "Sent to nobody yet."),
        "mail_sent": Label("Đã gửi", "Sent"),
        "mail_refused": Label("Bị từ chối", "Refused"),
        "mail_failed": Label("Chưa gửi được", "Failed"),
        "mail_uncertain": Label("Không rõ", "Uncertain"),
        "address": Label("Địa chỉ", "Address"),
        "answer": Label("Máy chủ trả lời", "Answer"),
        "visits_said": Label(
            "Ai đã mở trang nào, lúc nào; giữ {} ngày.", "Who opened which page, and when; kept for {} days."
        ),
        "visitor": Label("Người xem", "Who"),
        "in_address": Label("Trong địa chỉ", "In the address"),
        "visited_at": Label("Lúc", "When"),
        "opened": Label("Trang", "Page"),
        "page_audit": Label("Kiểm tra mẫu", "Samples"),
        "audit_said": Label(
            "Mẫu ngẫu nhiên các tài liệu mà hệ thống đã cho đạt hoặc không, và các tài liệu chờ người kiểm tra. Mở một "
            "lô để xem trang kế tiếp; mỗi trang ghi những lỗi thật sự có. Lô xem hết mới tính vào tỷ lệ sai.",
            "Random samples of what the program accepted and rejected, and documents left to a person. Open a lot for "
            "its next page; of each page name the defects that are truly there. Only lots looked at to the end count.",
        ),
        "stratum": Label("Nhóm", "Stratum"),
        "drawn_at": Label("Ngày rút mẫu", "Drawn"),
        "drawn_documents": Label("Tài liệu trong mẫu", "Documents drawn"),
        "pages_reviewed": Label("Trang đã xem", "Pages looked at"),
        "of_all": Label("{} trên {}", "{} of {}"),
        "inspection": Label("Chế độ kiểm tra", "Inspection"),
        "wrong_decisions": Label("Kết luận sai", "Wrong decisions"),
        "at_most": Label("cho phép {}", "{} allowed"),
        "lot_outcome": Label("Kết luận về lô", "Outcome"),
        "nothing_drawn": Label(
            "Chưa rút mẫu nào: chạy DAG review_pages hoặc lệnh `sohoa run review`.",
            "No sample has been drawn: run the DAG review_pages, or `sohoa run review`.",
        ),
        "page_review": Label("Trang này thật sự thế nào?", "What is truly wrong with this page?"),
        "page_review_said": Label(
            "Chọn những lỗi khiến trang phải quét lại, dù hệ thống có nêu hay không.",
            "Name the defects for which the page has to be scanned again, whether the program found them or not.",
        ),
        "true_defects": Label("Lỗi thật sự có", "Defects truly there"),
        "save_defects": Label("Ghi lỗi đã chọn", "Record the chosen defects"),
        "page_sound": Label("Trang đạt, không có lỗi", "The page is good, no defect"),
        "page_decision_unfit": Label(
            "Hãy quay lại: chọn ít nhất một lỗi rồi ghi, hoặc bỏ chọn hết rồi ghi trang đạt.",
            "Go back: choose at least one defect, or none and say that the page is good.",
        ),
        "own_decision": Label("Bạn đã ghi lúc {}:", "You recorded at {}:"),
        "other_reviewers": Label("Đã có {} người khác xem trang này.", "Other people who looked at this page: {}."),
        "next_of_sample": Label("Trang kế tiếp của mẫu", "Next page of the sample"),
        "offered_decision": Label("Theo quyết định về từng trang: {}.", "As the decisions about its pages say: {}."),
        "offered_reason": Label("Kiểm tra mẫu từng trang", "Looked at page by page"),
        "detector_errors": Label("Hệ thống sai đến đâu", "How often the program errs"),
        "detector_errors_said": Label(
            "Bỏ sót: trong các trang thật sự có lỗi, phần mà hệ thống không thấy. Báo nhầm: trong các trang không có "
            "lỗi đó, phần mà hệ thống báo lỗi. Ước lượng từ mẫu có trọng số, khoảng tin cậy 95 %.",
            "False accept: of the pages that truly have the defect, the share on which the program did not find it. "
            "False reject: of those that have it not, the share on which it did. Weighted samples, 95 % intervals.",
        ),
        "audit_counts": Label(
            "{} lô mẫu đã xem hết ({} trang), {} lô chưa xem hết; {} lô sai nhiều quá mức.",
            "{} lots looked at to the end ({} pages), {} with pages left; {} with too many wrong decisions.",
        ),
        "agreement": Label(
            "{} trang có hai người xem, hệ số κ của Cohen {}.", "Looked at by two people: {} pages, Cohen's κ {}."
        ),
        "false_accept": Label("Bỏ sót", "False accept"),
        "false_reject": Label("Báo nhầm", "False reject"),
        "interval": Label("Khoảng 95 %", "95 % interval"),
        "kappa": Label("κ", "κ"),
        "no_audit": Label(
            "Chưa có mẫu nào được xem hết, nên chưa biết hệ thống sai đến đâu.",
            "No sample has been looked at to the end, so how often the program errs is not known.",
        ),
    },
    "opened_pages": {  # what a visit opened or did there, as the table `visits` names it
        "progress": Label("Tiến độ", "Progress"),
        "dossiers": Label("Hồ sơ của một ngày", "Dossiers of a day"),
        "quality": Label("Chất lượng", "Quality"),
        "batches": Label("Lô quét", "Batches"),
        "batches_found": Label("Kết quả tìm", "What was found"),
        "batch": Label("Lô", "Batch"),
        "slip": Label("Phiếu trả lại", "Slip"),
        "scan": Label("Bản quét", "Scan"),
        "picture": Label("Ảnh của trang", "Picture of a page"),
        "reconciliation": Label("Đối soát", "Reconciliation"),
        "entries": Label("Hồ sơ lệch", "Dossiers that differ"),
        "reports": Label("Báo cáo", "Reports"),
        "report": Label("Báo cáo của một tuần", "Report of a week"),
        "report_file": Label("Tệp báo cáo", "File of a report"),
        "run": Label("Lượt chạy", "Run"),
        "decisions": Label("Chờ quyết định", "To decide"),
        "decide": Label("Ghi quyết định về tài liệu", "Decision about a document"),
        "audit": Label("Kiểm tra mẫu", "Samples"),
        "decide_page": Label("Ghi lỗi của trang", "Defects of a page recorded"),
        "visits": Label("Nhật ký xem", "Visits"),
        "empty": Label("Trang chưa có số liệu", "Page without figures yet"),
    },
    "chart_words": {
        "rate": Label("Tỷ lệ đạt (%)", "Rate (%)"),
        "rate_word": Label("Tỷ lệ đạt", "Rate"),
        "due": Label("Hồ sơ phải số hóa", "Dossiers due"),
        "unit": Label("Đơn vị", "Unit"),
        "week": Label("Tuần", "Week"),
        "week_from": Label("Tuần từ ngày", "Week of"),
        "bad_pages": Label("Trang lỗi", "Faulty pages"),
        "cumulative": Label("Cộng dồn (%)", "Cumulative (%)"),
        "defect": Label("Lỗi", "Defect"),
        "below_40": Label("dưới 40 %", "below 40 %"),
        "below_80": Label("40 đến dưới 80 %", "40 to below 80 %"),
        "below_86": Label("80 đến dưới 86 %", "80 to below 86 %"),
        "from_86": Label("từ 86 %", "86 % and more"),
        "none": Label("không có hồ sơ", "no dossiers"),
    },
}
"""Name of a table -> code -> label; under None what stands where there is no code."""


def label_vi(table: str, code: str | None) -> str:
    """Write a code in Vietnamese; one without a label, which is a defect, as it is: it must not stop a run."""
    found = LABELS[table].get(code)
    return found.vi if found else code or UNKNOWN


def rate_name(definition: str, stage: str) -> str:
    """Name a rate by its definition, and by its stage where it has several: a code of ``enums.RATE_NAMES``."""
    return definition if stage == "all" else f"{definition} {stage}"
