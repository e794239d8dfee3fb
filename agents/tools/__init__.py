"""What agents may use outside a conversation: web addresses, calendars, CRMs, messages, transfers.

`kinds/`       one kind of tool, one file; its docstring says how to write one
`registry`     the list of kinds
`templating`   `{{name}}` in addresses, headers and bodies: values, never raw text
`arguments`    what a tool is given: its types, and who may fill it
`using`        `use`, the one doorway for calls, turns in writing, tests and the test button
`remembering`  one use of a call happens once, whoever asks again
`queries`      which tools an agent can see, by name; `actions` write them; `forms` are made of their kinds
`ports`        what the room above provides: text messages by the client's carrier
"""
