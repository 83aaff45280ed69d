"""Why a defect comes about, in words for who scans; what to do about it stands in ``sohoa.defects``."""

CAUSES_VI = {
    "unreadable": "Tệp hỏng, có mật khẩu hoặc quá lớn, nên không xem được trang nào.",
    "truncated": "Tệp chưa lưu xong hoặc bị đứt mạng khi tải lên, nên mất phần cuối.",
    "wrong_format": "Tệp không phải loại mà máy quét tạo ra theo quy định.",
    "old_pdf": "Phần mềm quét đang lưu theo chuẩn PDF cũ.",
    "low_dpi": "Máy quét đang đặt độ phân giải thấp, nét chữ nhỏ không đủ chi tiết.",
    "unknown_scale": "Ảnh không ghi kích thước thật, thường là ảnh chụp bằng điện thoại.",
    "wrong_colour": "Máy quét để chế độ xám hoặc đen trắng, nên không thấy màu đỏ của con dấu.",
    "blank": "Quét nhầm mặt giấy để trắng.",
    "blurred": "Giấy không áp sát mặt kính, mặt kính bẩn, hoặc giấy xê dịch khi đang quét.",
    "skewed": "Tờ giấy đặt lệch hoặc bị kéo lệch trong khay cuốn.",
    "wrong_orientation": "Tờ giấy đặt ngược hoặc ngang.",
    "glare": "Đèn hoặc nắng phản chiếu trên bìa bóng, giấy ép nhựa, làm mất chữ.",
    "cut_off": "Khổ quét nhỏ hơn tờ giấy, hoặc tờ giấy nằm ra ngoài vùng quét.",
    "dark_border": "Khổ quét lớn hơn tờ giấy, hoặc nắp máy mở.",
    "uneven_light": "Nếp gấp, gáy sách không áp sát mặt kính, hoặc đèn máy đã yếu.",
    "low_contrast": "Máy quét để quá sáng, hoặc mực trên bản gốc đã phai.",
    "noisy": "Máy quét để chế độ quét nhanh, hoặc chụp khi thiếu sáng.",
    "over_compressed": "Phần mềm nén tệp quá nhỏ, dấu của chữ nhỏ bị vỡ.",
    "moire": "Ảnh in lưới hoặc hoa văn chìm gặp lưới điểm của máy quét.",
    "streaks": "Hạt bụi trên dải kính của bộ cuốn giấy kéo thành sọc suốt trang.",
    "bad_seam": "Máy quét khổ lớn ghép các dải ảnh không khớp nhau.",
    "bleed_through": "Giấy mỏng, chữ ở mặt sau hằn lên mặt trước.",
    "foreign_object": "Ngón tay, ghim hoặc kẹp che mất một phần trang.",
    "duplicate_page": "Một tờ giấy được quét hai lần, hoặc gửi lại một trang đã gửi.",
    "missing_page": "Số trang trong tệp ít hơn số trang đã kê, hoặc có tệp chưa tải lên.",
    "extra_page": "Số trang trong tệp nhiều hơn số trang đã kê.",
    "hash_mismatch": "Tệp bị sửa hoặc lưu lại sau khi lập bản kê.",
    "unsigned": "Tệp chưa có chữ ký số, hoặc bị sửa sau khi ký.",
}
"""Defect -> its usual cause."""

ERRORS_VI = {
    "missing": "Có trong bản kê nhưng không có trong lô.",
    "hash_mismatch": "Nội dung tệp khác với bản kê (mã SHA-256 không khớp).",
    "unreadable": "Không mở được tệp.",
    "truncated": "Tệp thiếu phần cuối.",
    "wrong_format": "Không phải tệp PDF, JPEG, PNG hay TIFF.",
    "encrypted": "Tệp có mật khẩu.",
    "altered": "Chữ ký số không khớp với tệp: tệp đã bị sửa sau khi ký.",
    "too_large": "Tệp hoặc ảnh quá lớn.",
}
"""Code in the column ``error`` -> what happened to the file."""
