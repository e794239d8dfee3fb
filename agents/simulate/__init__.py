"""Talking to an agent in writing: trying a draft, tests, and the tests that run before publishing.

`shape`     what a test is, as JSON: what the caller does, what is expected
`door`      one turn on a media worker, which thinks as it does on the phone
`hands`     what the worker asks meanwhile: tools and knowledge, mocked or real
`talk`      an agent and a conversation so far; `exchange`: what came of a turn
`trying`    the panel beside the editor; `suggest` makes a test of a conversation
`judge`     whether what happened is what a test expects
`run`       tests of an agent against its draft, in a job; `jobs` is Celery's side
`gate`      how the tests stand with the draft, for publishing
`actions`   write tests, `queries` read them, `form` shows them in rows
"""
