"""Kinds of tools. One kind is one file here, and one line in `agents.tools.registry`.

A kind is a subclass of `base.Kind` that declares

- `name`, `about` (what people read), `Config` and `Secrets`: pydantic models with titles, descriptions and
  `json_schema_extra=ui(…)` as the nodes of a flow have them. Forms, checks, API and docs come from these declarations.
  Supported widgets: line, prose, prompt (code), lines, switch, number, choice (a Literal), phone, variable, pairs
  (tuple of `Pair`), rows (tuple of a model of these). A validator raises ValueError with a sentence for people.
  Secrets are text fields only; they are sealed, never shown again, and never sent to the browser.
- `operations(config)`: what it can do, each an `Operation`. A kind that does one thing names it “”, and the tool goes by
  its own name in flows; otherwise `<tool>_<operation>`: a tool “calendar” is used as `calendar_book`.
- `run(job) -> ToolOutcome`: does it. `job.config`, `job.secrets`, `job.operation`, `job.arguments` (typed and checked:
  numbers are numbers, dates are `YYYY-MM-DD`, times `HH:MM`, phones E.164, absent ones are not in it), `job.caller`
  (numbers, zone), `job.left` (seconds).
  Everything outside is asked through `job.send(…)`, which keeps to the deadline and the guard of
  `voiceops.lib.outbound`, raises ToolFailed for 3xx, 4xx, 5xx and notes the exchange, without secrets, for the test
  button. Answer `done(text, variables)`; raise ToolFailed("A sentence.") for everything that did not work. Any
  VoiceOpsError is fine too; nothing a kind raises reaches the call.

Optional: `connect(job) -> dict` after saving, and by a button: ask the other system what there is (an MCP server's
tools) and return the values of `Config` that changed.

Parameters say who fills them (`source`): model, variable or fixed. Destinations, amounts and ids of accounts are
`trusted`: they come from the configuration or from variables that no caller filled. Builders may fill any parameter by a
text of their own instead (`Tool.fills`), so declare what a model may sensibly fill as source “model”.

    class Weather(Kind):
        name = "weather"
        about = KindAbout("Weather", "cloud-sun", "Tells the forecast", "Data")
        Config, Secrets = WeatherConfig, WeatherSecrets

        def operations(self, config: WeatherConfig) -> tuple[Operation, ...]:
            place = Parameter(name="place", about="A town.")
            return (Operation("", "Forecast", "The forecast of a town.", (place,), sets=("forecast",), safe=True),)

        def run(self, job: Job) -> ToolOutcome:
            address = f"https://weather.example/v1/{quote(str(job.arguments['place']), safe='')}"
            found = job.send("GET", address, headers=bearer(job.secrets.key)).json()
            return done(found["text"], {"forecast": found["text"]})
"""
