"""One logger per module: ``log = get_logger(__name__)``, then ``log.info("batch_admitted", batch=…, documents=…)``."""

from __future__ import annotations

import structlog


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of a module; what it says reaches Airflow's task logs, and the terminal with ``-v``."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(name)
    return logger
