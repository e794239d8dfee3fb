"""What happens to sound and words during a call.

`build`      a CallSpec becomes processors, in the order sound travels through them
`ears`       caller's audio in: voice activity, then to the STT; `vad`, `smart_turn` and `turns` help it decide who speaks
`brain`      a finished user turn becomes a reply: from the flow, or from an LLM (`thinking`)
`voice`      a reply becomes sentences for the TTS; `speech` keeps the books of what was heard
`transport`  agent's audio out, in real time
`limits`     silence, length, and the goodbye that hangs up
"""
