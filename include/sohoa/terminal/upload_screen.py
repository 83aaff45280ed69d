"""The progress of checking and sending on a terminal, and the one question that is asked."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.progress import TaskID
from rich.prompt import Confirm

from sohoa.clean_text import clean
from sohoa.desk.judge_scans import CheckedDocument
from sohoa.format_value import count, decimal
from sohoa.terminal.console import bars, err, out, say
from sohoa.terminal.show_scans import show_counted

_MEGABYTE = 1_000_000


class UploadScreen:
    """Bars on a terminal; a line every tenth of the work elsewhere."""

    def __init__(self, are_pages_counted: bool) -> None:
        """Show nothing yet.

        Args:
            are_pages_counted: the pages that are counted in files are right; nobody is asked.
        """
        self._are_pages_counted = are_pages_counted
        self._bars = bars() if err.is_terminal else None
        self._tasks: dict[str, TaskID] = {}
        self._tenths: dict[str, int] = {}

    def __enter__(self) -> Self:
        if self._bars is not None:
            self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        if self._bars is not None:
            self._bars.stop()

    def say(self, text: str) -> None:
        """Show a line."""
        say("\n".join(map(clean, text.split("\n"))))

    def checking(self, done: int, total: int) -> None:
        """Show how many files have been measured."""
        self._show("Kiểm tra", done, total, f"{count(done)}/{count(total)} tệp")

    def sending(self, batch: str, done: int, total: int) -> None:
        """Show how many bytes of a batch's files are there."""
        self._show(f"Gửi {batch}", done, total, _bytes(done, total))

    def confirm(self, counted: list[CheckedDocument]) -> bool:
        """Ask whether the pages counted are all that lie on paper."""
        if self._are_pages_counted:
            return True
        if self._bars is not None:
            self._bars.stop()
        out.print(show_counted(counted))
        if not err.is_terminal:
            say("Chạy lại với --pages-counted nếu số trang đúng (the pages are to be confirmed: add --pages-counted).")
            return False
        is_right = Confirm.ask("Số trang này đúng với giấy", console=err)
        if self._bars is not None:
            self._bars.start()
        return is_right

    def _show(self, what: str, done: int, total: int, amount: str) -> None:
        if self._bars is None:
            tenth = 10 * done // max(total, 1)
            if self._tenths.get(what) != tenth:
                self._tenths[what] = tenth
                say(f"{what}: {amount}")
            return
        if what not in self._tasks:
            self._tasks[what] = self._bars.add_task(what, total=None, amount="")
        self._bars.update(self._tasks[what], completed=done, total=total, amount=amount)


def _bytes(done: int, total: int) -> str:
    """Write how much of how much there is, in kB below a megabyte."""
    unit, name = (1_000, "kB") if total < _MEGABYTE else (_MEGABYTE, "MB")
    return f"{decimal(done / unit)}/{decimal(total / unit)} {name}"
