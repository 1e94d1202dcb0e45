"""The fields that commands of the function `accounts` have in common."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic_core import PydanticUseDefault

from failover.errors import Failure
from failover.rules.channels.kinds import Text, Whole
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
