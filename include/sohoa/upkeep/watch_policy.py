"""Whether the policy of ``landing`` stands, which the pipeline sees and only the store's administrator writes."""

from __future__ import annotations

from collections.abc import Collection

from sohoa.logs import get_logger
from sohoa.notify.alerts import Alert, notify, notify_over
from sohoa.store import Store

log = get_logger(__name__)

_ALERT = Alert(
    "landing_policy",
    "Chính sách của kho landing không đúng",
    "Chính sách cấm cơ quan xóa hẳn phiên bản và mã hóa bằng khóa riêng đã mất, bị sửa, hoặc thiếu cơ quan mới trong sổ"
    " đăng ký. Việc cần làm: chạy `sohoa stack up store`, hoặc `docker compose up --detach`.",
    "The policy that denies agencies to delete versions for ever, and to encrypt with keys of their own, is gone, was"
    " changed, or lacks agencies that are new in the registry. Run `sohoa stack up store`, or `docker compose up"
    " --detach`.",
)


def watch_policy(store: Store, codes: Collection[str]) -> bool:
    """Tell operators where agencies of these codes are not denied what they must not do, and when they are again.

    Returns:
        Whether the policy stands.
    """
    if store.has_landing_policy(codes):
        notify_over(store, _ALERT.key)
        return True
    log.warning("landing_policy_missing", agencies=len(codes))
    notify(store, _ALERT)
    return False
