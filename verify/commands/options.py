"""Setting fields as options of a command, and help that shows those of the module that was named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

import click

from verify.commands.base import Command
from verify.theorem.errors import InputError

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from verify.theorem.settings import BaseSetting, HasSetting

#: Key of a command's context under which the names on its command line are kept ...
NAMED = "verify.named"

#: ... and the key of the modules themselves, once they are loaded.
MODULES = "verify.modules"


class SettingCommand(Command):
    """A command that takes every setting field of the modules that it can be given.

    With a module's name before it, `--help` shows the options of that module, else the command's own.
    """

    #: The command that takes a name of one of the modules.
    named_by = ""

    def names(self) -> Sequence[str]:
        """The modules that can be named."""
        raise NotImplementedError

    def modules(self, names: Sequence[str]) -> Mapping[str, HasSetting]:
        """The modules of these names; all that there are for none."""
        raise NotImplementedError

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        known = set(self.names())
        ctx.meta[NAMED] = [word for word in dict.fromkeys(args) if word in known]
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as problem:
            self._explain_stranger(problem.option_name, ctx.meta[NAMED])
            raise

    def _explain_stranger(self, option: str, named: Sequence[str]) -> None:
        """InputError for an option that belongs to modules, but not to those that were named."""
        from verify.theorem.settings import option_name

        owners = [
            name
            for name, module in self.modules(()).items()
            if option in map(option_name, module.Setting.model_fields)
        ]
        if owners:
            belongs = f"leave it out; it belongs to {', '.join(owners)}"
            raise InputError(f"{option} is no option of {', '.join(named)}: {belongs}") from None

    def _chosen(self, ctx: click.Context) -> Mapping[str, HasSetting]:
        """The modules that this command line names. They are kept: click asks for the options repeatedly."""
        if MODULES not in ctx.meta:
            ctx.meta[MODULES] = self.modules(ctx.meta.get(NAMED, ()))
        found: Mapping[str, HasSetting] = ctx.meta[MODULES]
        return found

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        from verify.theorem.settings import option_name

        own = super().get_params(ctx)
        fields: dict[str, FieldInfo] = {}
        for module in self._chosen(ctx).values():
            fields |= {name: info for name, info in module.Setting.model_fields.items() if name not in fields}
        hidden = [click.Option([option_name(name), name], hidden=True) for name in fields]
        return [*own[:-2], *hidden, *own[-2:]]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        named = ctx.meta.get(NAMED, ())
        for name, module in self._chosen(ctx).items() if named else ():
            for group, rows in option_rows(module.Setting).items():
                with formatter.section(f"{name}: {group}" if len(named) > 1 else group):
                    formatter.write_dl(rows)
        super().format_options(ctx, formatter)
        if not named:
            formatter.write_paragraph()
            formatter.write_text(
                f"`{self.named_by} NAME --help` shows the options that belong to NAME, one of: "
                f"{', '.join(self.names())}."
            )


def option_rows(setting: type[BaseSetting]) -> dict[str, list[tuple[str, str]]]:
    """Rows for help by group: the option, and its meaning with range, default and example."""
    from verify.theorem.settings import option_name

    fields = setting.model_fields
    grouped = {name: group for group, names in setting.GROUPS.items() for name in names if name in fields}
    rows: dict[str, list[tuple[str, str]]] = {}
    for name in [*grouped, *(name for name in fields if name not in grouped)]:
        option, info = option_name(name), fields[name]
        text = f"{info.description}  [{'; '.join(_limits(option, info))}]"
        rows.setdefault(grouped.get(name, "Setting"), []).append((f"{option} {_metavar(info)}", text))
    return rows


def _limits(option: str, info: FieldInfo) -> Iterable[str]:
    if found := _range(_constraints(info)):
        yield found
    if info.default is not None and not info.is_required():
        yield f"default {_text(info.default)}"
    example = next(iter(info.examples or []), None)
    if example is None:
        others = [choice for choice in choices(info) if choice != info.default]
        example = others[0] if others else info.default
    if example is not None:
        yield f"e.g. {option} {_text(example)}"


def _range(constraints: Iterable[Any]) -> str:
    """The allowed numbers in words."""
    from annotated_types import Ge, Gt, Le, Lt, MultipleOf

    low = high = multiple = ""
    for one in constraints:
        match one:
            case Ge(ge=bound):
                low = f"from {_text(bound)}"
            case Gt(gt=bound):
                low = f"above {_text(bound)}"
            case Le(le=bound):
                high = f"to {_text(bound)}"
            case Lt(lt=bound):
                high = f"below {_text(bound)}"
            case MultipleOf(multiple_of=step):
                multiple = f"multiple of {step}"
    return ", ".join(filter(None, [f"{low} {high}".strip(), multiple]))


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _constraints(info: FieldInfo) -> Iterable[Any]:
    """The constraints of a field, including those of each kind of value that it may have."""
    yield from info.metadata
    for kind in get_args(info.annotation):
        for field in getattr(kind, "__metadata__", ()):
            yield from getattr(field, "metadata", [field])


def choices(info: FieldInfo) -> tuple[Any, ...]:
    """The words that a field may be."""
    kinds = [info.annotation, *get_args(info.annotation)]
    return next((get_args(kind) for kind in kinds if get_origin(kind) is Literal), ())


def _metavar(info: FieldInfo) -> str:
    kinds = [info.annotation, *get_args(info.annotation)]
    words = list(map(str, choices(info)))
    numbers = any(kind is float or float in get_args(kind) for kind in kinds)
    kind = "INTEGER" if int in kinds else "NUMBER" if numbers else "" if words else "TEXT"
    return "|".join([*words, *filter(None, [kind])])
