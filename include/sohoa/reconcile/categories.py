"""The categories of a reconciliation: what each is called, and what it adds to portal − province in its cell."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Category:
    """One reason why a dossier is counted on one side and not on the other, or differs between them."""

    name: str
    label_vi: str
    label_en: str
    effect: int
    """What one dossier of it adds to portal − province in its cell."""


_ALL = (
    Category("portal", "Trên Cổng Dịch vụ công quốc gia", "rows on the national portal", 0),
    Category("province", "Trên hệ thống của tỉnh", "dossiers of the province, void ones left out", 0),
    Category("R0", "Bản quét không có hồ sơ", "scanned document whose dossier the register lacks", 0),
    Category("R1", "Chỉ có trên Cổng, chưa tiếp nhận", "only on the portal, not received yet (status 1 or 3)", 1),
    Category("R2", "Chỉ có trên Cổng, không rõ nguồn", "only on the portal otherwise, or void in the province", 1),
    Category("R3", "Trùng trên Cổng", "further spelling of a dossier on the portal", 1),
    Category("R4", "Chưa đồng bộ", "in the province, not on the portal", -1),
    Category("R5", "Hồ sơ hệ thống bộ, có trên Cổng", "in a ministry system and on the portal, not in the province", 1),
    Category("R5_ministry", "Hồ sơ hệ thống bộ, không có trên Cổng", "only in a ministry system", 0),
    Category("R6", "Lệch trạng thái", "the status differs", 0),
    Category("R7_out", "Lệch kỳ, Cổng ghi ngày khác: chuyển đi", "the portal counts it on another day", -1),
    Category("R7_in", "Lệch kỳ, tỉnh ghi ngày khác: chuyển đến", "the province counts it on another day", 1),
    Category("R8_out", "Lệch đơn vị, Cổng ghi đơn vị khác: chuyển đi", "the portal counts it in another unit", -1),
    Category("R8_in", "Lệch đơn vị, tỉnh ghi đơn vị khác: chuyển đến", "the province counts it in another unit", 1),
    Category("R9", "Lệch mã thủ tục", "the code of the procedure differs", 0),
    Category("R10", "Lệch cờ số hóa", "the portal's flag differs from the accepted scans", 0),
    Category("R11", "Hỏng đường dẫn kết quả", "the link to the result is missing or broken", 0),
    Category("R12", "Lệch hạn trả", "the promised date differs", 0),
)
CATEGORIES = {category.name: category for category in _ALL}
"""All categories by name, in the order in which they are shown."""
