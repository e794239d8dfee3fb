"""Calls in which one model hears, thinks and speaks.

ears → talker → mouth. The flow, its tools, the books of what was heard, the recording and the traces are those of any
call; only who turns sound into an answer is another. When the model fails, the call goes on with the three that stand
by (`mind.py`).
"""
