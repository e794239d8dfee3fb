"""A file becomes blocks of text. Runs in a process of its own, which knows no Django, no keys and no database.

    python -m agents.knowledge.reading <kind> < file        answers with one JSON object

`asking` starts that process and bounds it from outside; everything else here runs inside it.
"""
