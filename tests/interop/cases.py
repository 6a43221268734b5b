"""The agents that tests/interop runs on both sides, and what they answer. Imported by class path from pickles."""

from datetime import date, datetime, timezone
from decimal import Decimal
from enum import Enum
from typing import Optional
from uuid import UUID

from pydantic import BaseModel, TypeAdapter


class Mood(Enum):
    GOOD = "good"
    BAD = "bad"

    def __reduce_ex__(self, protocol):
        # The value, whichever Python it is: that of Debian 12 pickles the name.
        return self.__class__, (self._value_,)


class Line(BaseModel):
    article: str
    price: Decimal
    count: int = 1


class Order(BaseModel):
    """An order with everything that a model may hold."""

    id: UUID
    placed: datetime
    due: Optional[date] = None
    mood: Mood
    lines: list[Line]
    notes: dict[str, str] = {}
    rating: float = 0.5


class Greeting(BaseModel):
    text: str
    words: int


ORDER = Order(
    id="12345678-1234-5678-1234-567812345678",
    placed=datetime(2026, 11, 26, 13, 45, 0, 123456, tzinfo=timezone.utc),
    due=date(2026, 12, 24),
    mood=Mood.GOOD,
    lines=[Line(article="Käse 🧀", price=Decimal("12.50")), Line(article="Brot", price=Decimal("3"), count=2)],
    notes={"it's": 'a "note"\n'},
)

# name -> output type, answer
CASES = {
    "text": (str, "Grüße an «Alle» 😀\nund Zeile zwei"),
    "dict": (dict, {"a": 1, "b": [1.5, None, True], "é": {"nested": "yes"}}),
    "list": (list[str], ["one", "zwei", "trois"]),
    "models": (list[Greeting], [Greeting(text="hi", words=1), Greeting(text="oh dear", words=2)]),
    "greeting": (Greeting, Greeting(text="Hallo", words=1)),
    "order": (Order, ORDER),
}

MODEL = "gpt-4o-mini"
SYSTEM_PROMPT = "You answer «in kind»."


def agent_file(name):
    """The same agent for the workbench."""
    output_type, _ = CASES[name]
    agent = {"name": name, "model": f"openai:{MODEL}", "system_prompt": SYSTEM_PROMPT}
    if output_type is not str:
        is_model = isinstance(output_type, type) and issubclass(output_type, BaseModel)
        schema = output_type.model_json_schema() if is_model else TypeAdapter(output_type).json_schema()
        agent["output"] = {"name": name.title(), "schema": schema}
        if is_model:
            agent["output"]["python_type"] = f"{output_type.__module__}.{output_type.__qualname__}"
    return agent


def as_json(name, value):
    return TypeAdapter(CASES[name][0]).dump_python(value, mode="json")
