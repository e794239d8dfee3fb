"""What agents may look things up in: documents and pages of one client, cut into passages that can be found.

`reading/`    a file becomes blocks of text, in a process of its own
`cutting`     blocks become passages, each under its headings
`embedding`   passages become vectors, at a server of the agency's choice
`indexing`    documents enter a generation; a new one is built beside the live one
`crawling`    pages of a list are fetched
`search`      a question finds passages; `look_up` is the doorway for agents
`actions`, `queries`, `tasks`, `forms`
"""
