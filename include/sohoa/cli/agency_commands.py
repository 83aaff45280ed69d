"""Commands of an agency: check a folder of scans, send it, keep the keys."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from sohoa.cli.root import app, one_of, parse_day, parse_text
from sohoa.errors import InputError
from sohoa.settings import has_display, load_settings
from sohoa.terminal.console import out, progress_bar, say

Agency = Annotated[
    str | None,
    typer.Option(parser=parse_text, metavar="TEXT", help="Code of the agency; else that of the configuration."),
]
_CONFIG = typer.Option("--config", help="Configuration of the agency; by default .sohoa/agency.toml of the user.")


@app.command()
def check(
    folder: Annotated[Path, typer.Argument(help="Folder of scans: dossier folders, or a list danh-sach.xlsx or .csv.")],
    paper: Annotated[str | None, typer.Option(help="Paper where the folder does not tell: a4, a3, …, other.")] = None,
    cover: Annotated[str | None, typer.Option(help="Cover where the folder does not tell: matte, glossy.")] = None,
    content: Annotated[str | None, typer.Option(help="Content where it does not tell: text, map, photo.")] = None,
    procedure: Annotated[str | None, typer.Option(help="Procedure code where the folder does not tell.")] = None,
    device: Annotated[str | None, typer.Option(help="Kind of the scanner: flatbed, adf, large_format, camera.")] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Go on: check again whatever comes into the folder.")] = False,
    config: Annotated[Path | None, _CONFIG] = None,
) -> None:
    """Check scans before they are sent, as the pipeline will: which pages to scan again, and what to do (exit code 1).

    Nothing is sent and no network is needed. What options leave out is read from the configuration, where there is one.
    """
    from sohoa.desk.config import Declared, default_config, load_config
    from sohoa.desk.judge_scans import MemoryRows
    from sohoa.desk.upload import CHECK_SETTLED_S, check_folder, watch_folder
    from sohoa.enums import CONTENTS, COVERS, DEVICE_KINDS, PAPERS
    from sohoa.terminal.show_scans import show_checkup

    choices = {"paper": (paper, PAPERS), "cover": (cover, COVERS), "content": (content, CONTENTS)}
    for name, (value, allowed) in choices.items():
        one_of(f"--{name}", value, allowed)
    one_of("--device", device, DEVICE_KINDS)
    file = config or default_config()
    known = load_config(file) if config is not None or file.exists() else None
    given = {"paper": paper, "cover": cover, "content": content, "procedure_code": procedure}
    declared = known.documents.model_dump() if known else {}
    declared |= {name: value for name, value in given.items() if value is not None}
    kind = device or (known.device.kind if known else None)
    try:
        told = Declared.model_validate(declared)
    except ValueError:  # the others are of their lists
        raise typer.BadParameter(f"{procedure!r} is no procedure code", param_hint="--procedure") from None
    settings, kept = load_settings(), MemoryRows()

    def show() -> bool:
        with progress_bar("check") as report:
            found = check_folder(folder, told, kind, settings, report, kept)  # type: ignore[arg-type]  # one_of
        for part in show_checkup(found):
            out.print(part, markup=False, highlight=False)
        return found.is_bad

    if not watch:
        raise typer.Exit(1 if show() else 0)
    for is_new in watch_folder(folder, CHECK_SETTLED_S):
        if is_new:
            try:
                show()
            except InputError as error:  # as of a list that is being saved
                say(str(error))


@app.command()
def upload(
    folder: Annotated[Path, typer.Argument(help="Folder of scans: dossier folders, or a list danh-sach.xlsx or .csv.")],
    scan_date: Annotated[
        date | None,
        typer.Option("--date", parser=parse_day, help="Scan date; else the day on which they were written."),
    ] = None,
    pages_counted: Annotated[
        bool, typer.Option("--pages-counted", help="Do not ask: the pages in the files are all that lie on paper.")
    ] = False,
    with_bad: Annotated[
        bool, typer.Option("--with-bad", help="Send documents too that will have to be scanned again.")
    ] = False,
    wait: Annotated[float, typer.Option(min=0, help="Minutes to wait for the slip of what was sent.")] = 0,
    watch: Annotated[
        bool, typer.Option("--watch", help="Go on: send what comes into the folder, the oldest first.")
    ] = False,
    agency: Agency = None,
    config: Annotated[Path | None, _CONFIG] = None,
) -> None:
    """Check a folder and send what is good in it; go on where sending was cut off; fetch slips (exit code 1: see them).

    Documents that a slip wants again replace their earlier scans by themselves once their files have changed.
    """
    from sohoa.desk.config import default_config, load_config, load_keys
    from sohoa.desk.upload import Uploader
    from sohoa.terminal.show_scans import show_sent
    from sohoa.terminal.upload_screen import UploadScreen

    if watch and not pages_counted:
        raise typer.BadParameter("nobody is asked while it watches: add --pages-counted", param_hint="--watch")
    file = config or default_config()
    found = load_config(file, agency)
    with UploadScreen(pages_counted) as screen:
        uploader = Uploader(found, load_keys(file, found.agency), load_settings(), screen)
        try:
            if watch:
                for sent in uploader.watch(folder, with_bad):
                    for part in show_sent(sent):
                        out.print(part, markup=False, highlight=False)
            sent = uploader.run(folder, wait * 60, scan_date, with_bad)
        finally:
            uploader.close()
    for part in show_sent(sent):
        out.print(part, markup=False, highlight=False)
    raise typer.Exit(1 if sent.is_bad else 0)


@app.command()
def manifest(
    folder: Annotated[Path, typer.Argument(help="Folder of scans: dossier folders, or a list danh-sach.xlsx or .csv.")],
    agency: Annotated[str, typer.Option(parser=parse_text, metavar="TEXT", help="Code of the agency.")],
    to: Annotated[Path, typer.Option("--out", help="Folder for the manifests, outside the scans.")],
    number: Annotated[
        int, typer.Option(min=1, max=999, help="Number of the batch: one that the day has not used.")
    ] = 1,
    scan_date: Annotated[
        date | None,
        typer.Option("--date", parser=parse_day, help="Scan date; else the day on which the newest file was written."),
    ] = None,
    pages_counted: Annotated[
        bool, typer.Option("--pages-counted", help="Do not ask: the pages in the files are all that lie on paper.")
    ] = False,
    with_bad: Annotated[
        bool, typer.Option("--with-bad", help="List documents too that will have to be scanned again.")
    ] = False,
    config: Annotated[Path | None, _CONFIG] = None,
) -> None:
    """Write the manifest of a folder that another S3 program sends: what would be refused is told, and not listed.

    Nothing is sent and no network is needed. Exit code 1 where something is left to be put right.
    """
    from sohoa.desk.config import default_config, load_config
    from sohoa.desk.write_manifests import write_manifests
    from sohoa.terminal.show_scans import show_written
    from sohoa.terminal.upload_screen import UploadScreen

    if to.resolve().is_relative_to(folder.resolve()):
        raise typer.BadParameter("name a folder outside that of the scans, which is sent whole", param_hint="--out")
    found = load_config(config or default_config(), agency)
    with UploadScreen(pages_counted) as screen:
        written = write_manifests(folder, found, load_settings(), screen, to, number, scan_date, with_bad)
    for part in show_written(agency, written):
        out.print(part, markup=False, highlight=False, soft_wrap=isinstance(part, str))
    raise typer.Exit(1 if written.is_bad else 0)


@app.command()
def desk(
    folder: Annotated[Path, typer.Argument(help="Folder that the scanner writes to.")],
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on this computer; 0: any that is free.")] = 0,
    browser: Annotated[bool, typer.Option(help="Open the page in the browser.")] = True,
    agency: Agency = None,
    config: Annotated[Path | None, _CONFIG] = None,
) -> None:
    """Open the scanning desk: a page on this computer that judges scans as they come, sorts, sends, and shows slips."""
    import webbrowser

    from sohoa.desk.config import default_config, load_config, load_keys
    from sohoa.desk.desk import Desk
    from sohoa.desk.serve_desk import DeskServer

    file = config or default_config()
    found, settings = load_config(file, agency), load_settings()
    opened = Desk(folder, found, load_keys(file, found.agency), settings)
    server = DeskServer(opened, port)
    say(f"desk: {server.address} (Ctrl-C: stop)")
    if browser and has_display():
        webbrowser.open(server.address)
    try:
        opened.start()
        server.serve_forever()
    except KeyboardInterrupt:
        say("stopped; nothing is lost")
    finally:
        opened.close()
        server.server_close()


@app.command()
def keys(
    agency: Annotated[str, typer.Option(parser=parse_text, metavar="TEXT", help="Code of the agency.")],
    access_key: Annotated[str, typer.Option(prompt="Khóa truy cập (access key)", help="As the province gave it.")],
    secret_key: Annotated[
        str, typer.Option(prompt="Khóa bí mật (secret key)", hide_input=True, help="As the province gave it.")
    ],
    config: Annotated[Path | None, _CONFIG] = None,
) -> None:
    """Keep an agency's keys: in the system's key store where there is one, else in a file that only its user reads."""
    from sohoa.desk.config import default_config, save_keys

    say(f"Đã giữ khóa của {agency} ở {save_keys(config or default_config(), agency, access_key, secret_key)}")
