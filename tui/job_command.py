"""`fetchdeck run`, whose INPUT may be a job file: its options stand behind those of the command line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from ..core.errors import FetchdeckError, InputError, OptionError, TemplateError
from .options import Headers, default_folder

if TYPE_CHECKING:
    from .job_file import JobFile

_EITHER_OR = (("data", "json_body"), ("proxy", "env_proxy"), ("tui", "headless"))
"""Options that exclude each other: one that the command line gives takes the place of one from the file."""
_NAMED = re.compile(r"--([a-z][a-z-]+)")


def is_job_file(name: str) -> bool:
    """Whether this names a job file rather than an input or a run folder."""
    return name.lower().endswith(".toml") and not Path(name).is_dir()


class JobCommand(click.Command):
    """Takes options that the command line does not give from the job file, if INPUT is one."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Fill in the parameters; raises JobFileError."""
        if ctx.resilient_parsing:
            return super().parse_args(ctx, args)
        given, *_ = self.make_parser(ctx).parse_args(list(args))
        source: object = given.get("source")
        if given.get("help") or not isinstance(source, str) or not is_job_file(source):
            return super().parse_args(ctx, args)
        # Not at the top: few runs have one.
        from .job_file import read_job_file

        file = read_job_file(Path(source), self.params, ctx)
        ctx.default_map = dict(file.given)
        rest = super().parse_args(ctx, args)
        ctx.obj = file
        ctx.params["source"] = file.given["source"]
        ctx.params["folder"] = ctx.params["folder"] or default_folder(source)
        if _on_command_line(ctx, "headers"):
            self._join_headers(ctx, file)
        for one, other in (*_EITHER_OR, *((b, a) for a, b in _EITHER_OR)):
            if _on_command_line(ctx, one) and ctx.get_parameter_source(other) is ParameterSource.DEFAULT_MAP:
                ctx.params[other] = None
        return rest

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what turns out to be wrong with an option of the file is told with its place."""
        try:
            return super().invoke(ctx)
        except (OptionError, TemplateError, InputError) as error:
            raise _placed(error, ctx) from error

    def _join_headers(self, ctx: click.Context, file: JobFile) -> None:
        """Those of the command line take the place of those of the same names, as on resume."""
        param = next(param for param in self.params if param.name == "headers")
        earlier: Headers = param.type_cast_value(ctx, file.given.get("headers"))
        given: Headers = ctx.params["headers"]
        names = {name.lower() for name, _ in given}
        ctx.params["headers"] = (*(pair for pair in earlier if pair[0].lower() not in names), *given)


def _on_command_line(ctx: click.Context, name: str) -> bool:
    return ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE


def _placed(error: FetchdeckError, ctx: click.Context) -> FetchdeckError:
    """The error with the line of the job file that it is about, where there is one."""
    file: JobFile | None = ctx.obj
    if file is None:
        return error
    keys = ["input"] if isinstance(error, InputError) else _NAMED.findall(str(error))
    ours = [key for key in keys if key in file.lines and not _overridden(ctx, key)]
    return type(error)(f"{file.path}:{file.lines[ours[0]]}: {error}") if ours else error


def _overridden(ctx: click.Context, key: str) -> bool:
    return any(
        f"--{key}" in param.opts and _on_command_line(ctx, param.name or "") for param in ctx.command.params
    )
