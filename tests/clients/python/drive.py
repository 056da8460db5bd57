"""Drives a live server with the client that was generated from its own OpenAPI document.

Operations are looked up by method and path, so that this program breaks when the API does and not when a name changes.
"""

import importlib
import inspect
import json
import os
import pathlib
import sys
import time
import typing
import urllib.request
import uuid

from tidemill_client import AuthenticatedClient
from tidemill_client.models import Problem

DEADLINE_SECONDS = 30
TERMINAL = {"succeeded", "failed", "cancelled", "dead_letter"}


def snake(name: str) -> str:
    """The module name that the generator makes of a tag or an operationId."""
    return name.lower().replace(" ", "_").replace("-", "_")


class Api:
    """The generated operations, by method and path."""

    def __init__(self, url: str, token: str):
        self.client = AuthenticatedClient(base_url=url, token=token, raise_on_unexpected_status=True)
        with urllib.request.urlopen(f"{url}/api/openapi.json") as answer:
            self.paths = json.load(answer)["paths"]

    def call(self, method: str, path: str, *arguments, body=None, **query):
        """Calls the operation and returns status and typed answer. Path parameters are given in their order."""
        operation = self.paths[path][method]
        module = importlib.import_module(f"tidemill_client.api.{snake(operation['tags'][0])}.{snake(operation['operationId'])}")
        if body is not None:
            query["body"] = as_body(module.sync_detailed, body)
        answer = module.sync_detailed(*arguments, client=self.client, **query)
        assert answer.parsed is not None or answer.status_code == 204, f"{method} {path}: {answer.status_code} without a type"
        return int(answer.status_code), answer.parsed


def as_body(function, document: dict):
    """`document` as the type that the operation wants."""
    wanted = typing.get_type_hints(function, vars(inspect.getmodule(function)))["body"]
    models = [candidate for candidate in typing.get_args(wanted) or (wanted,) if hasattr(candidate, "from_dict")]
    return models[0].from_dict(document) if models else document


def value(field) -> str:
    """The word of an enum, or the text itself."""
    return getattr(field, "value", field)


def wait_for(api: Api, execution, reached) -> object:
    """Reads the execution until its status is in `reached`."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        _, found = api.call("get", "/api/executions/{id}", execution.id)
        if value(found.status) in reached:
            return found
        assert time.monotonic() < deadline, f"{execution.id} is still {found.status}"
        time.sleep(0.05)


def main() -> None:
    url = sys.argv[1]
    api = Api(url, os.environ["TIDEMILL_TOKEN"])
    workflows = json.loads((pathlib.Path(__file__).parent.parent / "workflows.json").read_text())
    greeting, patience = workflows["greeting"], workflows["patience"]

    for workflow in (greeting, patience):
        status, applied = api.call("put", "/api/workflows/{id}", workflow["id"], body=workflow)
        assert status in (200, 201) and value(applied.outcome) in ("created", "unchanged"), applied

    _, started = api.call("post", "/api/workflows/{id}/executions", greeting["id"], body={"input": {"name": "Ada"}})
    finished = wait_for(api, started, TERMINAL)
    assert value(finished.status) == "succeeded", finished
    output = finished.output if isinstance(finished.output, dict) else finished.output.to_dict()
    assert output == {"text": "Hello Ada"}, output
    assert [step.id for step in finished.steps] == ["greet"], finished.steps

    _, page = api.call("get", "/api/executions", workflow=greeting["id"])
    assert str(started.id) in [str(execution.id) for execution in page.items], page
    _, events = api.call("get", "/api/executions/{id}/events", started.id)
    assert [event.seq for event in events.items] == list(range(1, len(events.items) + 1)), events

    _, waiting = api.call("post", "/api/workflows/{id}/executions", patience["id"], body={})
    wait_for(api, waiting, {"waiting"})
    api.call("post", "/api/executions/{id}/cancel", waiting.id, body={"reason": "the test is over"})
    assert value(wait_for(api, waiting, TERMINAL).status) == "cancelled"

    status, problem = api.call("get", "/api/executions/{id}", uuid.UUID(int=7))
    assert status == 404 and isinstance(problem, Problem) and problem.code == "not_found", (status, problem)
    status, problem = api.call("put", "/api/workflows/{id}", "broken", body={"id": "broken", "name": "x", "steps": [{"id": "a", "uses": "nonsense"}]})
    assert status == 422 and problem.code == "workflow_invalid" and problem.errors, (status, problem)
    stranger = Api(url, "tm_not_a_token")
    status, problem = stranger.call("get", "/api/executions")
    assert status == 401 and isinstance(problem, Problem) and problem.code == "unauthenticated", (status, problem)

    for workflow in (greeting, patience):
        api.call("delete", "/api/workflows/{id}", workflow["id"])
    print("python client: ok")


if __name__ == "__main__":
    main()
