from django.apps import AppConfig


class CallsConfig(AppConfig):
    name = "calls"
    verbose_name = "Calls"

    def ready(self) -> None:
        from agents.tools import ports
        from calls import texting
        from tenants import access

        ports.register_texting(texting.send)

        access.declare("calls.Call", "client", access.Permission.VIEW_CALLS)
        access.declare("calls.CallEvent", "call__client", access.Permission.VIEW_CALLS)
        access.declare("calls.Turn", "call__client", access.Permission.VIEW_CALLS)
        access.declare("calls.Recording", "call__client", access.Permission.LISTEN)
        access.declare("calls.PhoneNumber", "client", access.Permission.VIEW_NUMBERS)
        access.declare("calls.CarrierAccount", access.AGENCY_ONLY, access.Permission.MANAGE_ACCOUNTS)
        access.declare("calls.TraceDestination", access.AGENCY_ONLY, access.Permission.MANAGE_ACCOUNTS)
