"""A Python program that uses pyai-caching.

    cache.py agents URL            prints the agent file of each case, one JSON object a line, and empties the database
    cache.py write URL             runs each case, which pays for it
    cache.py read URL CASE...      runs cases that must be hits
    cache.py ask URL CASE PROMPT   the same with another prompt
    cache.py race URL              says "ready", waits for a line, runs one prompt
"""

import asyncio
import json
import logging
import sys

import redis
from cases import CASES, MODEL, SYSTEM_PROMPT, agent_file, as_json
from pyai_caching import cached_agent_run
from pyai_caching.agent import create_cache_key
from pydantic import TypeAdapter
from pydantic_ai import Agent
from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import FunctionModel

logging.disable(logging.WARNING)  # of output types without a schema


class Counted:
    """A model that answers with a value, and counts how often it was asked."""

    def __init__(self, name, delay=0.0):
        self.name = name
        self.delay = delay
        self.calls = 0
        self.model = FunctionModel(self.answer, model_name=MODEL)

    async def answer(self, messages, info):
        self.calls += 1
        await asyncio.sleep(self.delay)
        value = CASES[self.name][1]
        if not info.output_tools:
            return ModelResponse(parts=[TextPart(value)])
        tool = info.output_tools[0]
        arguments = as_json(self.name, value)
        if tool.outer_typed_dict_key:
            arguments = {tool.outer_typed_dict_key: arguments}
        return ModelResponse(parts=[ToolCallPart(tool.name, arguments)])


def make_agent(name, delay=0.0):
    counted = Counted(name, delay)
    return counted, Agent(counted.model, name=name, system_prompt=SYSTEM_PROMPT, output_type=CASES[name][0])


async def run(name, url, prompt, delay=0.0):
    counted, agent = make_agent(name, delay)
    result = await cached_agent_run(agent, prompt, "interop", redis_url=url)
    return {
        "case": name,
        "calls": counted.calls,
        "key": create_cache_key(agent, prompt),
        "output": TypeAdapter(CASES[name][0]).dump_python(result.output, mode="json"),
        "same_class": type(result.output) is type(CASES[name][1]),
        "equal": result.output == CASES[name][1],
        "cost": getattr(result, "cost", None),
    }


def main():
    command = sys.argv[1]
    if command == "agents":
        redis.Redis.from_url(sys.argv[2]).flushdb()
        for name in CASES:
            print(json.dumps(agent_file(name)))
    elif command == "write":
        for name in CASES:
            print(json.dumps(asyncio.run(run(name, sys.argv[2], f"prompt of {name}"))))
    elif command == "read":
        for name in sys.argv[3:]:
            print(json.dumps(asyncio.run(run(name, sys.argv[2], f"prompt of {name}"))))
    elif command == "ask":
        print(json.dumps(asyncio.run(run(sys.argv[3], sys.argv[2], sys.argv[4]))))
    elif command == "race":
        print("ready", flush=True)
        sys.stdin.readline()
        print(json.dumps(asyncio.run(run("text", sys.argv[2], "prompt of all", delay=0.4))), flush=True)


main()
