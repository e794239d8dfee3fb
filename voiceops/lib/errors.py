"""Every failure of ours says who failed and whether trying again can help.

    VoiceOpsError                      fault        retry can help
    ├── CustomerError                  customer     no    what the agency or its client asked for cannot be done
    │   ├── InvalidInput               customer     no    the input is wrong: the sentence says what is
    │   └── LimitReached               customer     yes   a cap or a rate was hit; later there is room again
    ├── CarrierError                   carrier      no
    │   ├── CarrierRefused             carrier      no    the carrier understood and said no
    │   ├── CarrierUnreachable         carrier      yes   nothing was sent, or the carrier asked to come back later
    │   └── CarrierOutcomeUnknown      carrier      no    it may have happened: ask the carrier, never just repeat
    ├── ProviderError                  provider     no
    │   ├── ProviderRefused            provider     no    wrong key, no such model, out of credit
    │   └── ProviderUnreachable        provider     yes   timeout, overload, a broken connection
    ├── RemoteError                    customer     no    a server whose address the customer typed
    │   ├── RemoteRefused              customer     no    it answers, but not with anything that can be used
    │   └── RemoteUnreachable          customer     yes   no answer, a late one, a broken connection
    └── PlatformError                  platform     no    our own machines or our own data
        ├── Busy                       platform     yes   no room on this worker, this moment
        ├── SealError                  platform     no    a sealed value does not open: wrong key, place or bytes
        ├── TicketRefused              none         no    a signed ticket is forged, foreign, expired or spent
        ├── AddressRefused             customer     no    an address leads into a private network
        └── StoreError                 platform     no    PostgreSQL, Redis or the disk below them

The text of an error is one sentence for the agency's staff: no personal data, no secrets.
"""

from __future__ import annotations

from typing import ClassVar, Literal

Fault = Literal["none", "customer", "carrier", "provider", "platform"]


class VoiceOpsError(Exception):
    """The root. `fault` names who failed; `retryable` says whether the same request may succeed later."""

    fault: ClassVar[Fault] = "platform"
    retryable: ClassVar[bool] = False

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class CustomerError(VoiceOpsError):
    fault: ClassVar[Fault] = "customer"


class InvalidInput(CustomerError):
    """The input is wrong. `field` names the field it came in, empty when it is the whole."""

    def __init__(self, sentence: str, field: str = "") -> None:
        super().__init__(sentence)
        self.field = field


class LimitReached(CustomerError):
    retryable = True


class CarrierError(VoiceOpsError):
    fault: ClassVar[Fault] = "carrier"


class CarrierRefused(CarrierError):
    """`code` is the carrier's own, for its documentation."""

    def __init__(self, sentence: str, code: str = "") -> None:
        super().__init__(sentence)
        self.code = code


class CarrierUnreachable(CarrierError):
    retryable = True


class CarrierOutcomeUnknown(CarrierError):
    """A request left and no answer came: a call may be ringing. Reconcile before dialling again."""


class ProviderError(VoiceOpsError):
    fault: ClassVar[Fault] = "provider"


class ProviderRefused(ProviderError):
    pass


class ProviderUnreachable(ProviderError):
    retryable = True


class RemoteError(VoiceOpsError):
    fault: ClassVar[Fault] = "customer"


class RemoteRefused(RemoteError):
    pass


class RemoteUnreachable(RemoteError):
    """`arrived`: the request may have reached the server, so only what is safe to do twice may be sent again."""

    retryable = True

    def __init__(self, sentence: str, arrived: bool = False) -> None:
        super().__init__(sentence)
        self.arrived = arrived


class PlatformError(VoiceOpsError):
    fault: ClassVar[Fault] = "platform"


class Busy(PlatformError):
    retryable = True


class SealError(PlatformError):
    pass


class TicketRefused(PlatformError):
    """`why` is one of `malformed`, `forged`, `foreign`, `expired`, `spent`: for logs and counters."""

    fault: ClassVar[Fault] = "none"

    def __init__(self, why: Literal["malformed", "forged", "foreign", "expired", "spent"]) -> None:
        super().__init__(f"The ticket is {why}.")
        self.why = why


class AddressRefused(PlatformError):
    fault: ClassVar[Fault] = "customer"


class StoreError(PlatformError):
    pass
