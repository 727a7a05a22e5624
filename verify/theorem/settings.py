"""Settings: the fields that every theorem has, and settings from the options of a command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from verify.theorem.errors import InputError

#: The largest seed; NumPy's older generators, which scikit-learn uses, take no other.
LARGEST_SEED = 2**32 - 1


class BaseSetting(BaseModel):
    """Knobs of every theorem; a field is a command-line option, its description the help text."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    #: Fields under the headings that help shows them with; the others come under "Setting".
    GROUPS: ClassVar[Mapping[str, Sequence[str]]] = {}

    seed: int = Field(0, ge=0, le=LARGEST_SEED, examples=[1], description="seed of every random draw")


T = TypeVar("T", bound=BaseSetting)


class HasSetting(Protocol):
    """A module that is run in a setting."""

    Setting: type[BaseSetting]


def make_setting(theorem: HasSetting, values: Mapping[str, Any]) -> BaseSetting:
    """The module's setting from option values; InputError names the first bad option and what it may be."""
    return setting_of(theorem.Setting, values)


def setting_of(kind: type[T], values: Mapping[str, Any]) -> T:
    """A setting of that kind from option values; InputError as of `make_setting`."""
    try:
        return kind(**values)
    except ValidationError as problem:
        raise InputError(_explain(kind, problem)) from None


def require_seeds(setting: BaseSetting, count: int) -> None:
    """Raise InputError where the last of `count` draws would have too large a seed."""
    if setting.seed + count - 1 > LARGEST_SEED:
        raise InputError(
            f"{count} draws from --seed {setting.seed} go beyond the largest seed, {LARGEST_SEED}: use "
            f"--seed {LARGEST_SEED - count + 1} or less"
        )


def draws(setting: BaseSetting, count: int) -> list[BaseSetting]:
    """The settings of `count` draws, with seeds from the setting's own upwards; see `require_seeds`."""
    require_seeds(setting, count)
    return [setting.model_copy(update={"seed": setting.seed + i}) for i in range(count)]


def option_words(setting: BaseSetting, defaults: Mapping[str, Any]) -> list[str]:
    """The options, as words of a command line, that were given and are not in `defaults`."""
    return [
        word
        for name in type(setting).model_fields
        if name in setting.model_fields_set
        and (value := getattr(setting, name)) is not None
        and defaults.get(name) != value
        for word in (option_name(name), str(value))
    ]


def option_name(field: str) -> str:
    """The command-line option of a setting field."""
    return "--" + field.replace("_", "-")


def _explain(setting: type[BaseSetting], problem: ValidationError) -> str:
    first = problem.errors()[0]
    if not first["loc"]:
        return str(first["msg"]).removeprefix("Value error, ")
    name = str(first["loc"][0])
    option = option_name(name)
    if first["type"] == "extra_forbidden":
        return f"there is no option {option}"
    field = setting.model_fields[name]
    # A field that may be of several kinds has an error for each.
    reasons = [
        str(error["msg"]).removeprefix("Value error, ").removeprefix("Input should be ")
        for error in problem.errors()
        if error["loc"][:1] == first["loc"][:1]
    ]
    allowed = reasons[0] if first["type"] == "value_error" else f"it should be {' or '.join(reasons)}"
    suggestion = next(iter(field.examples or [field.default]))
    example = "" if suggestion is None else f", for example {option} {suggestion}"
    return f"{option} {first['input']}: {allowed}{example}"
