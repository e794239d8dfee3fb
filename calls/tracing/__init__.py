"""The trace of a call: read from its stored events, shown on its page, and sent where the agency wants to see it.

`reading`       what every stage of every turn took, typed
`shape`         the trace as spans with ids, times and attributes, for whoever exports it
`otlp`, `langfuse`, `sending`   the exporters, and the way their requests leave this machine
`actions`, `queries`            where an agency's traces go
"""
