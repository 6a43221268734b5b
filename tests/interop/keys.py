"""Makes agents as Python programs do, and says which keys pyai-caching computes for them.

    keys.py FOLDER COUNT SEED    writes N.agent.json, N.prompt, N.history.json into FOLDER;
                                 prints one JSON object a case: number, key, history, kwargs
"""

import json
import logging
import pathlib
import random
import sys
from decimal import Decimal
from enum import Enum
from typing import Literal, Optional

from pyai_caching.agent import create_cache_key
from pydantic import BaseModel, Field, create_model
from pydantic_ai import Agent
from pydantic_ai.models.test import TestModel

logging.disable(logging.WARNING)  # of output types without a schema

CHARACTERS = "abc XYZ.,'\"\\/\n\t\r\x01\x7f\x85\xa0\xadéßЖ漢字😀🏳\u200d\u2028\ufeff{}[]:%"


class Mood(Enum):
    GOOD = "good"
    BAD = "bad"


class Address(BaseModel):
    """Where somebody lives."""

    street: str = Field(description="with “number”")
    zip: Optional[int] = Field(default=None, le=10**30)


class Tree(BaseModel):
    name: str
    children: list["Tree"] = []


FIELDS = [
    (str, ...),
    (int, Field(gt=-(2**70), description='say "how many"')),
    (float, Field(default=1e-7, ge=0.0, le=1e22)),
    (float, 1.0),
    (bool, False),
    (list[str], Field(default_factory=list, max_length=5)),
    (dict[str, int], ...),
    (Optional[Address], None),
    (list[Address], ...),
    (Mood, Mood.GOOD),
    (Literal["a", "é", 3], "a"),
    (Decimal, Decimal("1.50")),
    (Tree, ...),
    (tuple[int, str], ...),
]


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def text(self, most=40):
        text = "t" + "".join(self.random.choice(CHARACTERS) for _ in range(self.random.randrange(1, most)))
        return text.replace("{{", "{ ")  # which begins a variable in the workbench

    def number(self):
        return self.random.choice(
            [0, 1, -7, 0.0, 0.1, 1.0, 1e16, 1e-5, 123456789.125, 2**63, -(2**64), 10**40, 5e-324]
        )

    def value(self, depth=2):
        kinds = [self.text, self.number, lambda: None, lambda: True, lambda: False]
        if depth > 0:
            kinds.append(lambda: [self.value(depth - 1) for _ in range(self.random.randrange(3))])
            kinds.append(lambda: {self.text(5): self.value(depth - 1) for _ in range(self.random.randrange(4))})
        return self.random.choice(kinds)()

    def output_type(self, number):
        if self.random.random() < 0.4:
            return str
        chosen = self.random.sample(FIELDS, self.random.randrange(1, 6))
        fields = {f"field_{at}": field for at, field in enumerate(chosen)}
        return create_model(f"Model{number}", __doc__=self.text(), **fields)

    def settings(self):
        choices = {
            "temperature": lambda: self.random.choice([0, 0.0, 1, 1.0, 0.7, 0.123456789012345]),
            "max_tokens": lambda: self.random.randrange(1, 10_000),
            "top_p": lambda: self.random.choice([1, 0.5, 0.95]),
            "seed": lambda: self.random.randrange(2**40),
            "stop_sequences": lambda: [self.text(5) for _ in range(2)],
            "extra_body": lambda: {self.text(5): self.value() for _ in range(3)},
        }
        return {name: choices[name]() for name in self.random.sample(list(choices), self.random.randrange(1, 5))}


def make(maker, folder, number):
    agent_file = {}
    name = maker.random.choice([f"agent {number}", maker.text(20), None])
    prompts = [maker.text() for _ in range(maker.random.randrange(3))]
    output_type = maker.output_type(number)
    model_name = maker.random.choice(["test", "gpt-4o-mini", "claude-haiku-4-5", "vendor/model:free"])
    agent = Agent(TestModel(model_name=model_name), name=name, system_prompt=prompts, output_type=output_type)

    agent_file["name"] = name or "unnamed"
    agent_file["model"] = f"test:{model_name}"
    if prompts:
        agent_file["system_prompt"] = prompts
    if output_type is not str:
        agent_file["output"] = {"name": output_type.__name__, "schema": output_type.model_json_schema()}

    kwargs = {}
    arguments = "{}"
    if maker.random.random() < 0.5:
        kwargs["model_settings"] = maker.settings()
        agent_file["settings"] = kwargs["model_settings"]
        if maker.random.random() < 0.3:
            kwargs["infer_name"] = maker.random.choice([True, False, None])
    arguments = json.dumps(kwargs)  # as Python has it: 1 is no 1.0 in its key
    if maker.random.random() < 0.4:
        kwargs["message_history"] = [
            {"role": maker.random.choice(["user", "assistant"]), "content": maker.text()}
            for _ in range(maker.random.randrange(1, 4))
        ]
        (folder / f"{number}.history.json").write_text(json.dumps(kwargs["message_history"]))

    prompt = maker.text(200) + "."
    (folder / f"{number}.agent.json").write_text(json.dumps(agent_file))
    (folder / f"{number}.prompt").write_bytes(prompt.encode())
    key = create_cache_key(agent, prompt, **kwargs)
    has_history = "message_history" in kwargs
    print(json.dumps({"number": number, "key": key, "name": name, "kwargs": arguments, "has_history": has_history}))


def main():
    folder, count, seed = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    maker = Maker(seed)
    for number in range(count):
        make(maker, folder, number)


main()
