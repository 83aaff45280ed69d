"""Send a folder in a process of its own, to be killed: ``python -m tests.desk.sender FOLDER CONFIG``."""

from __future__ import annotations

import sys
from pathlib import Path

from sohoa.desk.config import load_config, load_keys
from sohoa.desk.upload import Uploader
from sohoa.settings import load_settings
from tests.desk.agency_folder import QuietScreen


def main() -> None:
    folder, file = map(Path, sys.argv[1:])
    config = load_config(file)
    uploader = Uploader(config, load_keys(file, config.agency), load_settings(), QuietScreen(), give_up_s=30)
    uploader.run(folder, with_bad=True)
    uploader.close()


if __name__ == "__main__":
    main()
