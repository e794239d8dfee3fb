"""Who writes the agent: the agency's own language model where there is one, the built-in generator otherwise."""

from __future__ import annotations

import logging
from dataclasses import replace

from agents.accounts.queries import writer
from agents.generate import Generated, Request, builtin, model
from voiceops.lib.errors import ProviderError

logger = logging.getLogger(__name__)


def generate(request: Request, *, ask_model: bool = True) -> Generated:
    """Never fails: when the model cannot write it, the built-in generator does, and a note says so. A template that was
    chosen is taken as it is."""
    account = writer() if ask_model and request.purpose and not request.template else None
    if account is None:
        return builtin.generate(request)
    try:
        return model.generate(request, account)
    except ProviderError as error:
        logger.warning("The model of account %s wrote no agent: %s", account.pk, type(error).__name__)
        made = builtin.generate(request)
        note = f"{account.label} could not write it, so a built-in template was used. {error.sentence}"
        return replace(made, notes=(note, *made.notes))
