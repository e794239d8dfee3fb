from django.apps import AppConfig


class VoiceOpsConfig(AppConfig):
    name = "voiceops"
    verbose_name = "VoiceOps"
