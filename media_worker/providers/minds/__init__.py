"""Language models that do not speak OpenAI's protocol, over plain HTTP: no SDK, one service, a dialect per vendor."""
