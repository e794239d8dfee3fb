from django.apps import AppConfig


class VoiceOpsConfig(AppConfig):
    name = "voiceops"
    verbose_name = "VoiceOps"

    def ready(self) -> None:
        import voiceops.celery  # noqa: F401 (shared tasks are sent by our app, from every process)
        from voiceops import checks  # noqa: F401 (importing it registers them)
