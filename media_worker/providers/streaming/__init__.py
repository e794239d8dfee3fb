"""Vendors that hear and speak over a websocket: what they share, so that a vendor's own file is its wire protocol.

`wire.py`    how a vendor's protocol is described: where to connect, what to send, what a message means. Imports nothing heavy
`line.py`    one connection: bounded to open, never waited for when sending
`ears.py`    a pipecat STT that speaks any such protocol
`voice.py`   a pipecat TTS that speaks any such protocol
`timing.py`  when words begin within their sound
Over plain HTTP the same vendors use `providers/posted.py`.
"""
