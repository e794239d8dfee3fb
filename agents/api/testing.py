"""`/api/v1/agents/<id>/tests/`: tests of an agent, and running them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from pydantic import ValidationError
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from agents.models import Agent, AgentTest, TestResult, TestRun
from agents.simulate import actions, run
from agents.simulate.gate import Standing, standing
from agents.simulate.shape import Scenario
from tenants import access
from tenants.access import Permission
from voiceops.lib.errors import InvalidInput


class TestSerializer(serializers.Serializer[Any]):
    __test__ = False

    id = serializers.UUIDField(source="pk", read_only=True)
    name = serializers.CharField(max_length=actions.LONGEST_NAME)
    scenario = serializers.JSONField(
        help_text="Steps, expectations, variables, mocks and clock: docs/testing-agents.md."
    )
    changed_at = serializers.DateTimeField(read_only=True)


class ListedTestSerializer(TestSerializer):
    result = serializers.ChoiceField(
        choices=["passed", "failed", "unknown"],
        help_text="With the draft as it is now; unknown: it has not run against it in the last hour.",
    )


class FindingSerializer(serializers.Serializer[Any]):
    place = serializers.IntegerField(help_text="0: the greeting; a step’s number; -1: the whole conversation.")
    expected = serializers.CharField()
    ok = serializers.BooleanField()
    found = serializers.CharField(allow_blank=True)


class TestResultSerializer(serializers.Serializer[Any]):
    __test__ = False

    test = serializers.UUIDField(source="test_id")
    name = serializers.CharField(source="test.name")
    result = serializers.ChoiceField(source="status", choices=[choice.value for choice in TestResult.Status])
    problem = serializers.CharField(allow_blank=True)
    findings = FindingSerializer(many=True)
    conversation = serializers.JSONField(help_text="Turn by turn: who said what, steps, variables, tools.")
    ms = serializers.IntegerField()


class TestRunSerializer(serializers.Serializer[Any]):
    __test__ = False

    id = serializers.UUIDField(source="pk")
    state = serializers.ChoiceField(source="status", choices=[choice.value for choice in TestRun.Status])
    problem = serializers.CharField(allow_blank=True)
    revision = serializers.IntegerField(help_text="Of the draft that was tested; 0 for a version.")
    results = TestResultSerializer(many=True)


class RunTestsSerializer(serializers.Serializer[Any]):
    tests = serializers.ListField(
        child=serializers.UUIDField(), required=False, max_length=actions.MOST_TESTS, help_text="None: all of them."
    )
    version = serializers.IntegerField(required=False, help_text="A version’s number; none: the draft.")


@extend_schema(
    methods=["GET"], responses=ListedTestSerializer(many=True), tags=["Agents"], summary="Tests, and how they stand"
)
@extend_schema(
    methods=["POST"], request=TestSerializer, responses={201: TestSerializer}, tags=["Agents"], summary="Add a test"
)
@api_view(["GET", "POST"])
def tests(request: Request, agent_id: Any) -> Response:
    access.require(request, Permission.VIEW_INTERNALS)
    agent: Agent = access.agent(request, agent_id)
    if request.method == "GET":
        now = standing(agent)
        return Response([_listed(now, test) for test in now.tests])
    actor = access.require(request, Permission.BUILD_AGENTS)
    name, scenario = _body(request)
    return Response(TestSerializer(actions.save(actor, agent, name, scenario)).data, 201)


@extend_schema(methods=["GET"], responses=TestSerializer, tags=["Agents"], summary="One test")
@extend_schema(
    methods=["PUT"], request=TestSerializer, responses=TestSerializer, tags=["Agents"], summary="Replace a test"
)
@extend_schema(methods=["DELETE"], responses={204: None}, tags=["Agents"], summary="Delete a test and its results")
@api_view(["GET", "PUT", "DELETE"])
def test(request: Request, agent_id: Any, test_id: Any) -> Response:
    access.require(request, Permission.VIEW_INTERNALS)
    agent: Agent = access.agent(request, agent_id)
    shown = access.find(request, agent.tests.all(), test_id)
    if request.method == "GET":
        return Response(TestSerializer(shown).data)
    actor = access.require(request, Permission.BUILD_AGENTS)
    if request.method == "DELETE":
        actions.delete(actor, shown)
        return Response(status=204)
    name, scenario = _body(request)
    return Response(TestSerializer(actions.save(actor, agent, name, scenario, shown)).data)


@extend_schema(
    request=RunTestsSerializer,
    responses={202: TestRunSerializer},
    tags=["Agents"],
    summary="Run tests against the draft or a version; ask for the run until it is done",
)
@api_view(["POST"])
def run_tests(request: Request, agent_id: Any) -> Response:
    actor = access.require(request, Permission.BUILD_AGENTS)
    agent: Agent = access.agent(request, agent_id)
    body = RunTestsSerializer(data=request.data)
    body.is_valid(raise_exception=True)
    wanted = body.validated_data.get("tests")
    chosen = [access.find(request, agent.tests.all(), one) for one in wanted] if wanted else list(agent.tests.all())
    number = body.validated_data.get("version")
    version = agent.versions.filter(number=number).first() if number else None
    if number and version is None:
        raise InvalidInput(f"There is no version {number}.", "version")
    return Response(TestRunSerializer(run.start(actor, agent, chosen, version)).data, 202)


@extend_schema(responses=TestRunSerializer, tags=["Agents"], summary="How a run of tests goes, or went")
@api_view(["GET"])
def test_run(request: Request, agent_id: Any, run_id: Any) -> Response:
    access.require(request, Permission.VIEW_INTERNALS)
    agent: Agent = access.agent(request, agent_id)
    shown = access.find(request, agent.test_runs.all(), run_id)
    run.settle([shown])
    return Response(TestRunSerializer(shown).data)


def _listed(now: Standing, test: AgentTest) -> dict[str, Any]:
    result = now.of(test)
    return {**TestSerializer(test).data, "result": result.status if result is not None else "unknown"}


def _body(request: Request) -> tuple[str, Scenario]:
    body = TestSerializer(data=request.data)
    body.is_valid(raise_exception=True)
    try:
        return body.validated_data["name"], Scenario.model_validate(body.validated_data["scenario"])
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidInput(f"{where}: {str(first['msg']).removeprefix('Value error, ')}", "scenario") from None
