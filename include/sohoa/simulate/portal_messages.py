"""Rows of the portal, one for each code as it is spelled there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sohoa.simulate.spelled_codes import Bools, Codes, Ints, Texts, Times


@dataclass(frozen=True)
class Messages:
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

    def __len__(self) -> int:
        return len(self.owner)

    def take(self, rows: Ints | Bools) -> Messages:
        """Some of them."""
        return Messages(self.codes.take(rows), *(getattr(self, name)[rows] for name in _COLUMNS))

    def plus(self, more: Messages) -> Messages:
        """These and some more."""
        return Messages(
            self.codes.plus(more.codes),
            *(np.concatenate([getattr(self, name), getattr(more, name)]) for name in _COLUMNS),
        )


_COLUMNS = [name for name in Messages.__annotations__ if name != "codes"]
