"""The flow as a drawing: what a canvas has to know of the kinds of steps, and what a draft may refer to.

`fields`        a pydantic model as fields of a form
`declarations`  the kinds of steps with their fields and ways out, read off their declarations
`offers`        what texts and steps of one agent may name: tools, knowledge, clips, other agents
"""
