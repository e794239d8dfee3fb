"""Recorded phrases: a library for each client, and for each of its agents.

`sound`    any file that people bring becomes sound as a phone wants it
`actions`  add, change, archive
`queries`  lists, what a call needs, the sound itself
`forms`    what people type
"""
