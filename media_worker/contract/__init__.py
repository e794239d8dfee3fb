"""The shared vocabulary of the control plane and the media plane: pure pydantic, no Django, no pipecat.

`spec`    what a worker is told of a call: `CallSpec`
`flow`    what the agent does: `Flow`, the kinds of nodes, what they are made of
`expressions`  the small language of conditions and values
`tools`   what an agent may use: `ToolSpec`, `UseTool`, `ToolOutcome`
`events`  what a worker tells of a call: `CallEvent`, `Snapshot`
`wire`    the messages of the websocket between bridge and worker
"""
