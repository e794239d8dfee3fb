"""What the agent does during a call.

`runner`      the pipeline's door: turns in, replies out, tools for an LLM
`engine`      the graph, walked by rules; knows nothing of models
`matching`    which intent a caller means
`slots`       what a caller's words are worth: a date, a phone number, a yes
`templating`  `{{variable|default}}`
`prompt`      the flow in words and tools for an LLM
"""
