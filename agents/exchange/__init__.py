"""An agent as a file: out of one agency, into another, or into a repository.

`file`     what stands in it, written and read
`actions`  a file becomes an agent of a client
"""
