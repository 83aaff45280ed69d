"""The defects that a page or document can have: stable names, Vietnamese and English labels, causes, and what to do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Defect:
    """A stable identifier, its labels, its usual cause, and what to do about it at the scanner."""

    name: str
    label_vi: str
    label_en: str
    cause_vi: str
    """Why it usually comes about, for who scans."""
    advice_vi: str
    advice_en: str
    follows: tuple[str, ...] = ()
    """Defects of which this one is often but a consequence: they are told first, with what to do about them."""


DEFECTS = {
    d.name: d
    for d in (
        Defect(
            "unreadable",
            "Không đọc được tệp",
            "file cannot be read",
            "Tệp hỏng, có mật khẩu hoặc quá lớn, nên không xem được trang nào.",
            "Mở thử tệp trên máy của mình. Nếu không mở được hoặc tệp có mật khẩu thì quét lại và lưu không đặt "
            "mật khẩu; tệp quá lớn thì chia thành nhiều tệp.",
            "Open the file on your own computer. If it does not open or asks for a password, scan again and save "
            "without one; split a file that is too large.",
        ),
        Defect(
            "truncated",
            "Tệp bị cắt cụt",
            "file is cut short",
            "Tệp chưa lưu xong, bị đứt mạng khi tải lên, hoặc bị hỏng bên trong, nên thiếu một phần.",
            "Mở tệp gốc trên máy. Nếu tệp gốc đủ trang thì gửi lại tệp đó; nếu không thì quét lại, chờ phần mềm "
            "lưu xong rồi mới tải lên.",
            "Open the original file. If it is whole, send it again; if not, scan again and wait until the program"
            " has saved before you upload.",
        ),
        Defect(
            "wrong_format",
            "Sai định dạng tệp",
            "file format not allowed",
            "Tệp không phải loại mà máy quét tạo ra theo quy định.",
            "Đặt phần mềm quét lưu thành tệp PDF; bản đồ có thể là TIFF, ảnh chụp có thể là JPEG. Không gửi tệp "
            "Word, tệp nén.",
            "Set the scanning program to save as PDF; a map may be TIFF, a photograph JPEG. Send no Word or "
            "archive files.",
        ),
        Defect(
            "old_pdf",
            "Phiên bản PDF quá cũ",
            "PDF version too old",
            "Phần mềm quét đang lưu theo chuẩn PDF cũ.",
            "Trong phần mềm quét, chọn PDF phiên bản 1.4 trở lên rồi lưu lại; không phải quét lại giấy. Tệp đã ký số "
            "thì không lưu đè, vì chữ ký sẽ hỏng: lấy bản chưa ký, lưu thành PDF 1.4 trở lên rồi ký lại.",
            "Choose PDF version 1.4 or later in the scanning program and save again; the paper need not be "
            "scanned again. Do not save a signed file again, its signature would break: save the file from before "
            "signing as PDF 1.4 or later and sign that.",
        ),
        Defect(
            "low_dpi",
            "Độ phân giải thấp",
            "resolution too low",
            "Máy quét đang đặt độ phân giải thấp, nét chữ nhỏ không đủ chi tiết.",
            "Đặt độ phân giải từ 200 dpi trở lên, bản đồ giấy từ 400 dpi, rồi quét lại từ giấy. Phóng to ảnh cũ "
            "không thêm được chi tiết.",
            "Set 200 dpi or more, 400 dpi for paper maps, and scan the paper again. Enlarging the old image adds "
            "no detail.",
        ),
        Defect(
            "unknown_scale",
            "Không xác định được tỷ lệ",
            "scale cannot be known",
            "Ảnh không ghi kích thước thật, thường là ảnh chụp bằng điện thoại.",
            "Quét bằng máy quét ở tỷ lệ 1:1 thay cho ảnh chụp điện thoại; khi lưu PDF không chọn “vừa khít trang”.",
            "Use a scanner at 1:1 instead of a telephone's photograph; do not choose “fit to page” when saving "
            "the PDF.",
        ),
        Defect(
            "photographed",
            "Ảnh chụp thay cho bản quét",
            "photographed, not scanned",
            "Trang được chụp bằng máy ảnh hoặc điện thoại: không có tỷ lệ 1:1, ánh sáng không đều, hình có thể bị méo.",
            "Quét lại bằng máy quét. Nếu chỉ chụp được thì đặt máy song song với tờ giấy, lấy đủ bốn mép trên nền tối, "
            "ánh sáng đều, rồi chờ người duyệt.",
            "Scan the page. Where it can only be photographed, hold the camera parallel to the sheet with all four "
            "edges on a dark ground and even light; a person decides.",
        ),
        Defect(
            "wrong_colour",
            "Sai chế độ màu",
            "wrong colour mode",
            "Máy quét để chế độ xám hoặc đen trắng, nên không thấy màu đỏ của con dấu.",
            "Đặt máy quét ở chế độ màu, tắt chế độ đen trắng, thang xám và tự động nhận màu, rồi quét lại.",
            "Set the scanner to colour, switch off black-and-white, grey and automatic colour, and scan again.",
        ),
        Defect(
            "blank",
            "Trang trắng",
            "blank page",
            "Quét nhầm mặt giấy để trắng.",
            "Kiểm tra xem có đặt nhầm mặt giấy không. Nếu mặt giấy đúng là để trắng thì bỏ trang này khỏi tệp và "
            "không tính vào số trang trong bản kê.",
            "See whether the wrong side was scanned. If that side is empty on paper too, take the page out of the"
            " file and out of the page count.",
        ),
        Defect(
            "blurred",
            "Ảnh bị mờ, nhòe",
            "blurred",
            "Giấy không áp sát mặt kính, mặt kính bẩn, hoặc giấy xê dịch khi đang quét.",
            "Đặt giấy phẳng, sát mặt kính, đậy kín nắp; lau mặt kính; không chạm vào giấy hay máy khi đang quét. "
            "Nếu vẫn nhòe theo chiều giấy chạy thì lau con lăn của bộ cuốn giấy.",
            "Lay the paper flat on the glass and close the lid; clean the glass; touch nothing while it scans. If"
            " it still smears along the feed, clean the feeder's rollers.",
            follows=(
                "foreign_object",
                "low_dpi",
                "uneven_light",
                "blank",
            ),
        ),
        Defect(
            "skewed",
            "Trang bị nghiêng",
            "skewed",
            "Tờ giấy đặt lệch hoặc bị kéo lệch trong khay cuốn.",
            "Đặt mép giấy sát cạnh mặt kính; ở khay cuốn giấy, chỉnh hai thanh chặn ôm sát tập giấy, rồi quét lại.",
            "Lay the edge of the paper along the edge of the glass; in a feeder, move both guides close to the "
            "sheets; scan again.",
        ),
        Defect(
            "wrong_orientation",
            "Trang bị xoay sai hướng",
            "wrong orientation",
            "Tờ giấy đặt ngược hoặc ngang.",
            "Xoay trang về chiều đọc rồi lưu lại. Lần sau đặt đầu trang theo ký hiệu trên máy.",
            "Turn the page upright and save it again. Next time lay the head of the page as the mark on the "
            "scanner shows.",
        ),
        Defect(
            "glare",
            "Bị lóa sáng",
            "glare",
            "Đèn hoặc nắng phản chiếu trên bìa bóng, giấy ép nhựa, làm mất chữ.",
            "Đậy kín nắp, không để đèn hay nắng chiếu vào; với bìa bóng thì xoay tờ giấy 90° hoặc đặt sang chỗ "
            "khác rồi quét lại. Nếu chụp bằng máy ảnh: tắt đèn flash, đặt đèn chếch hai bên.",
            "Close the lid, keep lamps and sunlight away; turn a glossy cover by 90° or move it and scan again. "
            "With a camera: no flash, lamps at an angle from both sides.",
            follows=("uneven_light",),
        ),
        Defect(
            "cut_off",
            "Bị mất chữ ở mép",
            "content cut off at the edge",
            "Khổ quét nhỏ hơn tờ giấy, hoặc tờ giấy nằm ra ngoài vùng quét.",
            "Chọn đúng khổ giấy và đặt cả tờ trong vùng quét, rồi quét lại. Giấy lớn hơn mặt kính thì dùng máy "
            "quét khổ lớn.",
            "Choose the right paper size, lay the whole sheet inside the scanned area and scan again. Use a "
            "large-format scanner for sheets larger than the glass.",
            follows=(
                "skewed",
                "foreign_object",
            ),
        ),
        Defect(
            "dark_border",
            "Viền đen",
            "dark border",
            "Khổ quét lớn hơn tờ giấy, hoặc nắp máy mở.",
            "Chọn đúng khổ giấy và đậy kín nắp; có thể bật chức năng tự cắt viền, nhưng không để mất chữ.",
            "Choose the right paper size and close the lid; automatic cropping may be used as long as no text is lost.",
            follows=(
                "skewed",
                "foreign_object",
            ),
        ),
        Defect(
            "uneven_light",
            "Ánh sáng không đều",
            "uneven light",
            "Nếp gấp, gáy sách không áp sát mặt kính, hoặc đèn máy đã yếu.",
            "Ép phẳng gáy sách và nếp gấp, đậy kín nắp, rồi quét lại. Nếu trang nào cũng tối cùng một phía thì "
            "đèn máy đã yếu: gọi bảo trì.",
            "Press folds and the spine flat, close the lid and scan again. If every page is dark on the same "
            "side, the lamp is worn: call maintenance.",
        ),
        Defect(
            "low_contrast",
            "Độ tương phản thấp",
            "low contrast",
            "Máy quét để quá sáng, hoặc mực trên bản gốc đã phai.",
            "Giảm độ sáng, tăng độ tương phản rồi quét lại. Nếu bản gốc đã phai mực thì không phải quét lại: "
            "người kiểm tra sẽ quyết định.",
            "Lower the brightness, raise the contrast and scan again. If the original itself has faded, do not "
            "scan again: a reviewer decides.",
            follows=(
                "blank",
                "uneven_light",
            ),
        ),
        Defect(
            "noisy",
            "Nhiễu hạt",
            "noisy",
            "Máy quét để chế độ quét nhanh, hoặc chụp khi thiếu sáng.",
            "Tắt chế độ quét nhanh và tự động tăng sáng, rồi quét lại. Nếu chụp bằng máy ảnh: thêm ánh sáng, giảm ISO.",
            "Switch off fast mode and automatic brightening and scan again. With a camera: more light, lower ISO.",
            follows=(
                "low_contrast",
                "blank",
            ),
        ),
        Defect(
            "over_compressed",
            "Nén ảnh quá mức",
            "compressed too much",
            "Phần mềm nén tệp quá nhỏ, dấu của chữ nhỏ bị vỡ.",
            "Đặt chất lượng ảnh JPEG ở mức cao (từ 80), tắt “PDF dung lượng nhỏ”, rồi quét lại từ giấy. Lưu lại "
            "tệp cũ không lấy lại được chi tiết đã mất.",
            "Set JPEG quality to high (80 or more), switch off “compact PDF” and scan the paper again. Saving the"
            " old file again brings nothing back.",
        ),
        Defect(
            "moire",
            "Vân moiré",
            "moiré",
            "Ảnh in lưới hoặc hoa văn chìm gặp lưới điểm của máy quét.",
            "Bật chức năng khử vân lưới (descreen) hoặc quét ở 300 dpi trở lên, rồi quét lại.",
            "Switch on descreening, or scan again at 300 dpi or more.",
        ),
        Defect(
            "streaks",
            "Sọc do bụi mặt kính",
            "streaks from the scanner's glass",
            "Hạt bụi trên dải kính của bộ cuốn giấy kéo thành sọc suốt trang.",
            "Lau dải kính hẹp của bộ cuốn giấy bằng khăn mềm không xơ, rồi quét lại. Giấy của các trang sau cũng "
            "sẽ bị sọc nếu chưa lau.",
            "Wipe the narrow strip of glass of the feeder with a soft lint-free cloth and scan again. Until then "
            "every page will have the streak.",
        ),
        Defect(
            "bad_seam",
            "Ghép mảnh bị lệch",
            "bad seam between tiles",
            "Máy quét khổ lớn ghép các dải ảnh không khớp nhau.",
            "Quét lại cả tờ trong một lượt, giữ giấy đi thẳng và đều. Nếu tờ nào cũng lệch ở cùng một chỗ thì "
            "hiệu chỉnh máy quét khổ lớn.",
            "Scan the whole sheet again in one pass, fed straight and evenly. If every sheet breaks at the same "
            "place, calibrate the large-format scanner.",
        ),
        Defect(
            "bleed_through",
            "Hằn chữ mặt sau",
            "bleed-through",
            "Giấy mỏng, chữ ở mặt sau hằn lên mặt trước.",
            "Với giấy mỏng, đặt một tờ giấy đen phía sau trang rồi quét.",
            "Lay a black sheet behind a page of thin paper and scan.",
        ),
        Defect(
            "foreign_object",
            "Có vật lạ (ngón tay)",
            "foreign object",
            "Ngón tay, ghim hoặc kẹp che mất một phần trang.",
            "Bỏ ghim, kẹp, giấy thừa và ngón tay ra khỏi trang rồi quét lại; giữ giấy bằng nắp máy hoặc tấm kính.",
            "Take clips, pins, slips and fingers off the page and scan again; hold the paper down with the lid or"
            " a sheet of glass.",
        ),
        Defect(
            "duplicate_page",
            "Trang bị trùng",
            "duplicate page",
            "Một tờ giấy được quét hai lần, hoặc gửi lại một trang đã gửi.",
            "Giấy báo cho biết là bản sao của trang nào. "
            "Bỏ trang bị trùng, quét bổ sung trang bị sót nếu có, rồi gửi lại. Trang quét hai lần vì có dán ghi "
            "chú thì khai là trang có dán ghi chú khi lập bản kê.",
            "The receipt says of which page it is the copy. "
            "Take the copy out, scan the page that was missed, if any, and send again. List a page scanned twice "
            "because of a stuck-on note under `note_pages`.",
        ),
        Defect(
            "missing_page",
            "Thiếu trang",
            "missing page",
            "Số trang trong tệp ít hơn số trang đã kê, hoặc có tệp chưa tải lên.",
            "Đếm lại số trang giấy và xem các tệp đã tải lên đủ chưa; quét trang còn thiếu rồi gửi lại cả tài "
            "liệu. Nếu kê nhầm thì sửa số trang giấy khi lập bản kê. Tờ quét từng mảnh: quét thêm mảnh còn thiếu.",
            "Count the sheets again and see whether all files were uploaded; scan what is missing and send the "
            "whole document again. Correct `physical_pages` if the count was wrong. Of a sheet captured in tiles, add "
            "the part that no tile shows.",
        ),
        Defect(
            "extra_page",
            "Thừa trang",
            "extra page",
            "Số trang trong tệp nhiều hơn số trang đã kê.",
            "Bỏ trang của tài liệu khác ra, hoặc sửa số trang giấy nếu kê nhầm. Trang quét hai lần vì có dán "
            "ghi chú thì khai là trang có dán ghi chú khi lập bản kê.",
            "Take out pages of other documents, or correct `physical_pages`. List a page scanned twice because of"
            " a stuck-on note under `note_pages`.",
        ),
        Defect(
            "hash_mismatch",
            "Tệp khác với bản kê",
            "file differs from the manifest",
            "Tệp bị sửa hoặc lưu lại sau khi lập bản kê.",
            "Lập bản kê sau khi đã lưu xong tệp, không mở sửa tệp sau đó; tải lại đúng tệp đã kê, trong lô mới.",
            "Make the manifest after the file is saved and do not change the file afterwards; upload the listed "
            "file again in a new batch.",
        ),
        Defect(
            "unsigned",
            "Thiếu chữ ký số",
            "not signed",
            "Tệp chưa có chữ ký số, hoặc bị sửa sau khi ký.",
            "Ký số tệp PDF trước khi lập bản kê: cá nhân ở góc trên bên trái hoặc cơ quan ở góc trên bên phải. "
            "Không lưu lại tệp sau khi ký.",
            "Sign the PDF before you make the manifest: a person at the top left or the organisation at the top "
            "right. Do not save the file again after signing.",
        ),
        Defect(
            "flawed_file",
            "Tệp ghi không đúng chuẩn",
            "file breaks its standard",
            "Phần mềm quét hoặc phần mềm ghép, sửa tệp ghi sai vài chỗ trong tệp; ảnh của trang vẫn đủ.",
            "Không phải quét lại. Các tệp sau nên lưu bằng phần mềm khác hoặc bản mới hơn, vì có phần mềm không mở "
            "được tệp như vậy. Tệp đã ký số thì không lưu lại, vì chữ ký sẽ hỏng.",
            "Nothing to scan again. Save later files with another program, or a newer version of it: some readers do "
            "not open such a file. Do not save a signed file again, its signature would break.",
        ),
        Defect(
            "unchecked_signature",
            "Chữ ký số chưa kiểm tra được",
            "signature cannot be checked",
            "Chữ ký số thuộc loại hoặc dùng thuật toán mà hệ thống chưa biết; nội dung đã ký không thấy bị sửa.",
            "Không phải quét lại và không lưu lại tệp đã ký. Kiểm tra chữ ký bằng phần mềm ký số của cơ quan; lần sau "
            "ký theo chuẩn PAdES.",
            "Nothing to scan again, and do not save the signed file again. Check the signature with the agency's own "
            "signing program; sign by the PAdES standard next time.",
        ),
    )
}
"""Defect name -> labels, cause and advice: the one table of them."""
