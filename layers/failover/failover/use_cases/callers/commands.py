"""Commands of the functions that have no URL: how they are read and carried out, and the fields they have in common."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, TypeAdapter
from pydantic_core import PydanticUseDefault

from failover.errors import Failure
from failover.outside import Outside
from failover.rules.channels.kinds import Text, Whole
from failover.rules.channels.objects import Case, Object, Tagged
from failover.rules.requests import models
from failover.rules.requests.models import Of
from failover.rules.webhooks import webhook_url

type Answer = dict[str, Any]


class CommandRefused(Failure):
    """The command has a fault or cannot be carried out. The message names fields and quotes no value."""


def _given(value: Any) -> Any:
    """A null counts as no value."""
    if value is None:
        raise PydanticUseDefault
    return value


OPTIONAL = BeforeValidator(_given)
Id = Annotated[str, Of(Text(100))]
Name = Annotated[str, Of(Text(100))]
Url = Annotated[str, Of(Text(webhook_url.LONGEST))]
Hours = Annotated[int, Of(Whole(0, 720, "hours")), OPTIONAL]


class Command(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    action: str


class OfAccount(Command):
    api_key: Id


class OfApplication(OfAccount):
    application_id: Id


class OfEither(OfAccount):
    """Of the account, or of the application if one is named."""

    application_id: Annotated[Id | None, OPTIONAL] = None


@dataclass(frozen=True)
class Entry[C: Command]:
    fields: type[C]
    carry_out: Callable[[Outside, C], Answer]


class Commands:
    """The commands of one function."""

    def __init__(self, entries: Mapping[str, Entry[Any]]) -> None:
        self.entries = entries
        """By `action`."""
        action = Tagged("action", tuple(Case(name, Object(())) for name in entries))
        self._model: TypeAdapter[Command] = TypeAdapter(
            models.union(action, {name: entry.fields for name, entry in entries.items()})
        )

    def carry_out(self, outside: Outside, event: Any) -> Answer:
        """Carry out one command. Raises CommandRefused."""
        command = self.read(event)
        return self.entries[command.action].carry_out(outside, command)

    def read(self, event: Any) -> Command:
        """Raises CommandRefused with every fault."""
        command: Command
        command, faults = models.read_as(self._model, event, "" if isinstance(event, dict) else "command")
        if faults:
            raise CommandRefused("; ".join(f"{fault['name']}: {fault['reason']}" for fault in faults))
        return command
