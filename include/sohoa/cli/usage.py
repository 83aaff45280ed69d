"""What a person reads who typed a command wrongly: one line, in this product's own words."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import typer
from typer._click import exceptions  # no public name: typer carries its own copy of click
from typer.core import TyperGroup

from sohoa.clean_text import clean
from sohoa.terminal.console import complain

_NO_LIMIT = 1_000
_INTERRUPTED = 130
"""What typer makes of Ctrl-C."""
_BOUNDS = {"greater_than_equal": ("ge", "at least"), "less_than_equal": ("le", "at most")}


class Group(TyperGroup):
    """Commands with a list of them that folds where it is narrow, and cuts nothing."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write each command with the whole first sentence of its help."""
        known = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, one.get_short_help_str(_NO_LIMIT)) for name, one in known if one is not None])


class Root(Group):
    """The root of the command: what cannot be used is told in one line, with exit code 2."""

    def main(self, args: Sequence[str] | None = None, standalone_mode: bool = True, **extra: Any) -> Any:  # type: ignore[override]  # fewer names
        """Run the command; what of the command line cannot be used becomes one message."""
        extra["prog_name"] = "sohoa"
        if not standalone_mode:
            return super().main(args, standalone_mode=False, **extra)
        try:
            ended = super().main(args, standalone_mode=False, **extra)
        except exceptions.NoArgsIsHelpError as error:
            error.show()
            sys.exit(2)
        except typer.Abort:  # at a prompt: Ctrl-C, or no more input
            raise KeyboardInterrupt from None
        except exceptions.UsageError as error:
            complain(_sentence(error))
            sys.exit(error.exit_code)
        if ended == _INTERRUPTED:
            raise KeyboardInterrupt
        sys.exit(ended or 0)


def _sentence(error: exceptions.UsageError) -> str:
    """Say what is wrong, and where help is."""
    where = "sohoa" if error.ctx is None else error.ctx.command_path
    said = clean(_wrong(error)).rstrip(".")
    return f"{said} (see `{where} --help`)"


def _wrong(error: exceptions.UsageError) -> str:
    match error:
        case exceptions.MissingParameter():
            return f"{_name(error)} is missing"
        case exceptions.BadParameter():
            hint = _name(error)
            return f"{hint}: {_refused(error)}" if hint else _refused(error)
        case exceptions.NoSuchOption():
            near = f"; is it {' or '.join(sorted(error.possibilities))}?" if error.possibilities else ""
            return f"there is no option {error.option_name}{near}"
        case exceptions.BadOptionUsage():
            is_flag = "does not take" in error.message
            return f"{error.option_name} takes no value" if is_flag else f"{error.option_name} wants a value"
    if error.message.startswith("No such command") and error.ctx is not None:
        known = getattr(error.ctx.command, "commands", {})
        return f"there is no command {error.message.split(chr(39))[1]!r}: use one of {', '.join(sorted(known))}"
    if error.message.startswith("Got unexpected extra argument"):
        return f"there is a word too many: {error.message.partition('(s) ')[2].strip('()')}"
    return error.message


def _name(error: exceptions.BadParameter) -> str:
    """The option, or the argument in capitals, that the error is about; nothing where it is about several."""
    if error.param_hint is not None:
        return error.param_hint if isinstance(error.param_hint, str) else " / ".join(error.param_hint)
    if error.param is None:
        return ""
    first: str = error.param.opts[0]
    return first if first.startswith("-") else first.upper()


def _refused(error: exceptions.BadParameter) -> str:
    """Say what the value should be; of what typer has found, from what it keeps about it."""
    if error.__cause__ is None:
        return error.message
    (found, *_) = error.__cause__.errors()  # type: ignore[attr-defined]  # of pydantic, which typer reads values with
    value, kind = str(found["input"]), found["type"]
    if kind in _BOUNDS:
        key, words = _BOUNDS[kind]
        return f"{value!r}: use a number of {words} {found['ctx'][key]}"
    if kind.startswith("int"):
        return f"{value!r} is no whole number"
    choices = found["msg"].partition("is not one of ")[2].rstrip(".").replace("'", "")
    return f"{value!r}: use one of {choices}" if choices else f"{value!r} cannot be used"
