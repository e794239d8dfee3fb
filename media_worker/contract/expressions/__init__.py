"""A small language for conditions and values: `day == "monday" and (guests > 4 or vip)`. Nothing in it can call Python.

    literals     12  1.5  "text"  true  false  none  [1, 2, "three"]
    variables    name    name.part          one that nobody set is `none`, never an error
    comparing    ==  !=  <  <=  >  >=  in  not in  contains  matches
    joining      and  or  not  ( )
    reckoning    +  -  *  /  %
    functions    see `functions.FUNCTIONS`: lower(x)  len(x)  round(x, 2)  default(x, "none")  today()  weekday()  open()…

`check` is for validators and says in words what is wrong; `compiled` gives something that can be evaluated many times.
Evaluating never raises and never takes long: texts, lists and the expression itself are bounded, nothing loops, and what
makes no sense (`"a" < 3`, a division by zero) is `none`. Comparing is forgiving as phone calls need it: "3" == 3, texts
without regard to case.
"""

from __future__ import annotations

from media_worker.contract.expressions.evaluating import Expression, Surroundings, compiled, value_of
from media_worker.contract.expressions.parsing import ExpressionError, names, parse

__all__ = ["Expression", "ExpressionError", "Surroundings", "check", "compiled", "names", "value_of"]


def check(text: str) -> str:
    """The expression itself, when it can be read. Raises ExpressionError, a ValueError, whose text is for its writer."""
    parse(text)
    return text
