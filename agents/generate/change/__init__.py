"""“Change it: …”: a sentence in plain words becomes edits of a draft, shown as differences and made only when wanted.

`operations`  the edits: small, checked, bounded, made on a copy
`understood`  sentences that need no language model
`asking`      the agency's own language model, where one is set up
`proposing`   one of the two, with the difference it would make
"""
