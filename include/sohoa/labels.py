"""What the codes of silence, forecasts, comparisons and revisions say to a Vietnamese reader."""

from __future__ import annotations

LABELS_VI = {
    # silence.STATES
    "silent": "Im lặng: không gửi lô",
    "refused": "Lô bị từ chối",
    "device_down": "Báo hỏng máy quét",
    "no_connection": "Báo mất kết nối",
    "no_work": "Báo không có việc",
    "sent": "Có gửi lô",
    "nothing_waits": "Không còn hồ sơ chờ quét",
    "day_off": "Ngày nghỉ",
    # periods.Comparison.reason
    "not_over": "kỳ này chưa kết thúc",
    "holidays": "hai kỳ có số ngày làm việc khác nhau",
    "unit_changed": "đơn vị mới thành lập hoặc thay đổi địa giới",
    "no_dossiers": "một trong hai kỳ không có hồ sơ",
    # forecast.Outlook.reason
    "too_few_weeks": "chưa đủ số tuần có số liệu để dự báo",
    "too_few_dossiers": "quá ít hồ sơ mỗi tuần để dự báo",
    "beyond_horizon": "chưa đạt trong thời gian dự báo được",
    "already": "đã đạt chỉ tiêu",
    # reported.CAUSES
    "late_register": "Sổ tiếp nhận bổ sung hồ sơ",
    "corrected_register": "Sổ tiếp nhận sửa hồ sơ",
    "late_batch": "Lô quét gửi muộn",
    "review": "Quyết định của người kiểm tra",
    "judged_again": "Xét lại theo giới hạn khác",
    "recounted": "Tính lại (cổng kiểm tra đóng hoặc mở, đổi cách tính)",
    # levels of a campaign
    "department": "Sở, ban, ngành",
    "district": "Huyện, thành phố",
    "commune": "Xã, phường, thị trấn",
}
"""Code -> what is shown."""
