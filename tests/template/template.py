"""An expanded template, as the rules read it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Resource:
    id: str
    body: dict[str, Any]

    @property
    def kind(self) -> str:
        return self.body["Type"]

    @property
    def stem(self) -> str:
        """`ApiFunction` → `Api`: what the ids of everything that belongs to a function begin with."""
        return self.id.removesuffix("Function")

    @property
    def folder(self) -> str:
        """`SyncStatisticsFunction` → `sync-statistics`: its folder, package, binary and name."""
        return kebab(self.stem)

    def at(self, *path: str | int) -> Any:
        """What stands there below `Properties`, or None."""
        return look(self.body.get("Properties", {}), *path)


@dataclass(frozen=True)
class Right:
    """One thing that a role may do to one resource."""

    role: str
    action: str
    resource: Any

    def __str__(self) -> str:
        return f"{self.role}: {self.action} on {words(self.resource) or target(self.resource)}"


@dataclass(frozen=True)
class Template:
    resources: dict[str, dict[str, Any]]
    # The names of the folders in functions/.
    folders: frozenset[str]

    def all(self, *kinds: str) -> list[Resource]:
        """Every resource of these kinds: `SQS::Queue`. Of none there is nothing to judge, which is itself an error."""
        found = self.every(*kinds)
        assert found, f"the template has no {' or '.join(kinds)}"
        return found

    def every(self, *kinds: str) -> list[Resource]:
        """The same of what need not be there."""
        wanted = {f"AWS::{kind}" for kind in kinds}
        return [Resource(id, body) for id, body in self.resources.items() if body["Type"] in wanted]

    def get(self, id: str) -> Resource:
        """The resource of that id; one without properties where there is none."""
        return Resource(id, self.resources.get(id, {"Type": "missing"}))

    def functions(self) -> list[Resource]:
        return self.all("Lambda::Function")

    def mappings(self) -> list[tuple[Resource, Resource]]:
        """Every mapping with the function that it feeds."""
        return [(mapping, self.get(target(mapping.at("FunctionName"))))
                for mapping in self.all("Lambda::EventSourceMapping")]

    def streamed(self) -> list[tuple[Resource, Resource]]:
        """Every mapping of a table's stream with the function that it feeds."""
        return [(mapping, function) for mapping, function in self.mappings()
                if self.get(target(mapping.at("EventSourceArn"))).kind == "AWS::DynamoDB::Table"]

    def fed(self) -> list[tuple[Resource, Resource]]:
        """Every function that is fed from a queue, with that queue."""
        fed = [(function, self.get(target(mapping.at("EventSourceArn")))) for mapping, function in self.mappings()]
        return [(function, queue) for function, queue in fed if queue.kind == "AWS::SQS::Queue"]

    def given_up_into(self) -> set[str]:
        """The queues into which others give their messages up."""
        return {target(queue.at("RedrivePolicy", "deadLetterTargetArn"))
                for queue in self.all("SQS::Queue") if queue.at("RedrivePolicy")}

    def workers(self) -> list[tuple[Resource, Resource]]:
        """Every function that is fed with messages that nobody has given up, with their queue."""
        return [(function, queue) for function, queue in self.fed() if queue.id not in self.given_up_into()]

    def runs_end_in(self, function: Resource) -> str:
        """The queue for runs of a schedule that failed: not the one from which a worker's dead letters are collected."""
        fed = any(function.id == worker.id for worker, _ in self.workers())
        return f"{function.stem}{'Runs' if fed else ''}DeadLetterQueue"

    def rights(self) -> list[Right]:
        """Whatever a role's own statements allow."""
        return [Right(role.id, action, resource)
                for role in self.all("IAM::Role")
                for policy in role.at("Policies") or []
                for statement in policy["PolicyDocument"]["Statement"]
                for action in several(statement.get("Action", "*"))
                for resource in several(statement.get("Resource", "*"))]

    def role_of(self, function: Resource) -> str:
        return target(function.at("Role"))


def look(value: Any, *path: str | int) -> Any:
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def several(value: Any) -> list[Any]:
    """A policy spells a list of one without its brackets."""
    return value if isinstance(value, list) else [value]


def target(value: Any) -> str:
    """The id that `Ref`, `Fn::GetAtt` or a `Fn::Sub` starts with; empty where nothing is referred to."""
    match value:
        case {"Ref": str(id)} | {"Fn::GetAtt": [str(id), *_]}:
            return id
        case {"Fn::Sub": str(text)} if found := re.match(r"\$\{(\w+)[}.]", text):
            return found[1]
        case _:
            return ""


def words(value: Any) -> str:
    """A text as it is written, with its `${…}`."""
    match value:
        case str(text) | {"Fn::Sub": str(text)} | {"Fn::Sub": [str(text), *_]}:
            return text
        case _:
            return ""


def texts(value: Any) -> Iterator[str]:
    """Every text anywhere inside."""
    match value:
        case str():
            yield value
        case dict():
            for inner in value.values():
                yield from texts(inner)
        case list():
            for inner in value:
                yield from texts(inner)


def kebab(name: str) -> str:
    """`DeadLetters` → `dead-letters`."""
    return re.sub(r"(?<!^)([A-Z])", r"-\1", name).lower()
