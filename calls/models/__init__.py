from calls.models.aftercall import AfterCallJob
from calls.models.call import Call
from calls.models.carrier import CarrierAccount, PhoneNumber, WebhookReceipt
from calls.models.event import CallEvent, CallSnapshot, Turn
from calls.models.recording import Recording
from calls.models.tracing import TraceDestination

__all__ = [
    "AfterCallJob",
    "Call",
    "CallEvent",
    "CallSnapshot",
    "CarrierAccount",
    "PhoneNumber",
    "Recording",
    "TraceDestination",
    "Turn",
    "WebhookReceipt",
]
