"""Running VoiceOps on one machine: the state folder, the embedded stores and the supervisor. Nothing here needs Django."""
