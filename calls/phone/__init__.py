"""A software phone: plays the carrier's side of a call over real HTTP and websockets.

`lines`    what the caller says, as 20 ms frames
`playout`  what the carrier's buffer does with the agent's audio: play in real time, answer marks, obey clears
`caller`   when the caller speaks, interrupts and hangs up
`twilio`   Twilio's webhooks, TwiML and media stream
`web`      the browser's media socket
`report`   what was heard, and how long it took
"""
