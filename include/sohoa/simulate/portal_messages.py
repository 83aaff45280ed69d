"""Rows of the portal, one for each code as it is spelled there."""

from __future__ import annotations

from dataclasses import dataclass

from sohoa.simulate.arrays import Bools, Entries, Ints, Texts, Times
from sohoa.simulate.spelled_codes import Codes


@dataclass(frozen=True)
class Messages(Entries):
    """Portal rows in force, one for each code as spelled.

    Attributes:
        codes: the parts of the code; spelling: how it is written.
        owner: place of the registered dossier, -1 where the register has none.
        agency: DonViXuLy; received: NgayTiepNhan; due: NgayHenTra.
        procedure: MaTTHC; status: TrangThaiHoSo; is_digitised: HoSoCoThanhPhanSoHoa; link: DuongDanKetQua.
        synced: NgayDongBo.
        is_kept: the portal's word on its dossier; else a further spelling.
        in_ministry: a ministry system has the dossier too.
    """

    codes: Codes
    spelling: Ints
    owner: Ints
    agency: Ints
    received: Times
    due: Times
    procedure: Texts
    status: Ints
    is_digitised: Bools
    link: Texts
    synced: Times
    is_kept: Bools
    in_ministry: Bools
