"""What a clerk reads when the store cannot be used: what to look at, in Vietnamese."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from urllib3.exceptions import ProxyError, SSLError

from sohoa.errors import DeskError, KeysRefused, ObjectMissing, ObjectRefused, StoreError


@contextmanager
def telling(endpoint: str) -> Iterator[None]:
    """Tell of a store's faults in words for a clerk.

    Args:
        endpoint: the store's address.

    Raises:
        DeskError: in place of a StoreError.
    """
    try:
        yield
    except StoreError as error:
        raise DeskError(_explain(error, endpoint)) from error


def is_lasting(error: StoreError) -> bool:
    """Whether a fault stays, however often it is tried: somebody has to change something on this computer."""
    return isinstance(error, KeysRefused) or _is_of_certificate(error)


def _is_of_certificate(error: StoreError) -> bool:
    """Whether the store's certificate is not trusted, or ``ca_file`` cannot be read; a line that is cut is neither."""
    cause = error.__cause__
    if not isinstance(cause, SSLError) or not cause.args:
        return False
    return isinstance(cause.args[0], ssl.SSLCertVerificationError) or not isinstance(cause.args[0], ssl.SSLError)


def _explain(error: StoreError, endpoint: str) -> str:
    if isinstance(error, KeysRefused):
        return (
            "Kho không nhận khóa của cơ quan, hoặc đồng hồ máy này sai. Xem lại ngày giờ của máy; nếu đúng thì chạy "
            "`sohoa keys` với khóa mà tỉnh đã cấp. Nếu trước đó vẫn gửi được: kho gần đầy, tỉnh có thể đang tạm dừng "
            "nhận tệp của cơ quan; hãy gọi cán bộ kỹ thuật của tỉnh."
        )
    if isinstance(error, ObjectRefused | ObjectMissing):
        return f"Kho {endpoint} từ chối. Hãy báo cán bộ kỹ thuật của tỉnh. ({error})"
    if _is_of_certificate(error):
        return f"Không tin được chứng chỉ của kho {endpoint}: xem ca_file trong tệp cấu hình, và ngày giờ của máy."
    if isinstance(error.__cause__, ProxyError):
        return f"Không qua được proxy để tới kho {endpoint}: xem proxy trong tệp cấu hình."
    return f"Không tới được kho {endpoint}. Kiểm tra mạng rồi chạy lại, hoặc bấm lại."
