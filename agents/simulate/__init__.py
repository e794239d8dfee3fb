"""Talking to an agent in writing: trying a draft, tests, and the tests that run before publishing.

`shape`  what a test is, as JSON: what the caller does, what is expected
`door`   one turn on a media worker, which thinks as it does on the phone
`turn`   an agent, a conversation so far and what the caller does next become a turn
`judge`  whether what happened is what a test expects
`run`    all tests of an agent against its draft, in a job
"""
