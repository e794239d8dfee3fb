"""Every language model of every vendor, with the server that speaks its protocol and the shape that it must see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from media_worker.contract.flow import EndNode, Flow
from media_worker.contract.spec import AgentSpec, CallSpec, Provider
from media_worker.providers.base import BuildContext
from media_worker.providers.registry import vendor
from tests.fakes.vendors.anthropic_server import FakeAnthropic
from tests.fakes.vendors.bedrock_server import REGION, FakeBedrock
from tests.fakes.vendors.chat_server import FakeChat
from tests.fakes.vendors.gemini_server import FakeGemini
from tests.fakes.vendors.llm_faults import FakeMind

KEY = "key-of-alice"


@dataclass(frozen=True)
class Case:
    """`after_host` is what the account's address has after the host; `called` reads the name and the result of the tool
    from a second request, in the vendor's shape; `longest` and `system` find those in a body."""

    vendor: str
    server: Callable[[], FakeMind]
    called: Callable[[dict[str, Any]], tuple[str, str]]
    longest: Callable[[dict[str, Any]], int]
    system: Callable[[dict[str, Any]], str]
    after_host: str = ""
    model: str = "model-1"
    account: dict[str, str] = field(default_factory=dict)
    refused: int = 401
    name: str = ""

    def __str__(self) -> str:
        return self.name or self.vendor


def context() -> BuildContext:
    flow = Flow(greeting="Hello.", start="end", nodes=(EndNode(id="end"),))
    agent = AgentSpec(id=uuid4(), version=1, name="Front desk", flow=flow)
    return BuildContext(spec=CallSpec(call_id=uuid4(), agency="alice", direction="inbound", agent=agent))


def build(case: Case, server: FakeMind, key: str = KEY, **options: Any) -> Any:
    provider = Provider(
        vendor=case.vendor,
        base_url=server.base_url + case.after_host,
        api_key=key,  # type: ignore[arg-type]
        account=case.account,
        options={"model": case.model, **options},
    )
    spec = vendor(case.vendor).llm
    assert spec is not None
    assert spec.build is not None
    return spec.build(provider, context())


def _chat(vendor_name: str, prefix: str = "/v1", longest: str = "max_tokens", **server: Any) -> Case:
    return Case(
        vendor_name,
        lambda: FakeChat(KEY, prefix=prefix, **server),
        called=_chat_called,
        longest=lambda body: int(body[longest]),
        system=lambda body: str(body["messages"][0]["content"]),
        after_host="" if vendor_name == "azure_openai" else prefix,
    )


def _chat_called(body: dict[str, Any]) -> tuple[str, str]:
    at = max(number for number, message in enumerate(body["messages"]) if message["role"] == "tool")
    (use,), result = body["messages"][at - 1]["tool_calls"], body["messages"][at]
    assert use["id"] == result["tool_call_id"]
    return use["function"]["name"], result["content"]


def _anthropic_called(body: dict[str, Any]) -> tuple[str, str]:
    use, result = body["messages"][-2]["content"][-1], body["messages"][-1]["content"][-1]
    assert use["id"] == result["tool_use_id"]
    return use["name"], result["content"]


def _gemini_called(body: dict[str, Any]) -> tuple[str, str]:
    use, result = body["contents"][-2]["parts"][-1], body["contents"][-1]["parts"][-1]["functionResponse"]
    assert use["thoughtSignature"] == f"signed-{use['functionCall']['name']}"
    assert result["name"] == use["functionCall"]["name"]
    return use["functionCall"]["name"], result["response"]["result"]


def _bedrock_called(body: dict[str, Any]) -> tuple[str, str]:
    use, result = body["messages"][-2]["content"][-1]["toolUse"], body["messages"][-1]["content"][-1]["toolResult"]
    assert use["toolUseId"] == result["toolUseId"]
    return use["name"], result["content"][0]["text"]


def _bedrock(key_id: str, account: dict[str, str], name: str) -> Case:
    return Case(
        "bedrock",
        lambda: FakeBedrock(KEY, key_id=key_id),
        called=_bedrock_called,
        longest=lambda body: int(body["inferenceConfig"]["maxTokens"]),
        system=lambda body: str(body["system"][0]["text"]),
        model="us.amazon.nova-lite-v1:0",
        account=account,
        refused=403,
        name=name,
    )


CASES = [
    Case(
        "anthropic",
        lambda: FakeAnthropic(KEY),
        called=_anthropic_called,
        longest=lambda body: int(body["max_tokens"]),
        system=lambda body: str(body["system"][0]["text"]),
        model="claude-haiku-4-5",
    ),
    Case(
        "gemini",
        lambda: FakeGemini(KEY),
        called=_gemini_called,
        longest=lambda body: int(body["generationConfig"]["maxOutputTokens"]),
        system=lambda body: str(body["systemInstruction"]["parts"][0]["text"]),
        model="gemini-3.6-flash",
    ),
    _bedrock("AKIDALICE", {"region": REGION, "access_key_id": "AKIDALICE"}, "bedrock signed"),
    _bedrock("", {"region": REGION}, "bedrock by key"),
    _chat("openai", longest="max_completion_tokens"),
    _chat("openai_compatible"),
    _chat("groq", prefix="/openai/v1"),
    _chat("openrouter", prefix="/api/v1"),
    _chat("mistral", all_at_once=True),
    _chat("ollama", all_at_once=True),
    _chat("azure_openai", prefix="/openai/v1", longest="max_completion_tokens"),
]
