"""Templates across clients: one agent, made once, for many clients.

`parameters` what differs from client to client · `hours` opening hours as text · `holes` `[[name]]` in a document
`merge`      a new version into an instance that was changed · `propose` what could be a parameter of an agent
`actions`    templates and instances · `rolling` a version to one, some or all instances · `returning` and back
"""
