"""What can go wrong between us and a provider, divided by what cures it.

Belongs here: the error tree. Does not belong here: how a provider's errors are recognised (its
own file in `resources/`), what is done about them (`engine.py`).

No message holds a key: a provider's text passes through `without_secrets` first.
"""

from eemo_pipeline.vlm.contract import Usage


class ProviderProblem(Exception):
    """An attempt that brought no reply.

    Attributes:
        usage: what was billed nonetheless; None where that is not known.
    """

    def __init__(self, message: str, usage: Usage | None = None) -> None:
        """Say what happened, in words that may be stored."""
        super().__init__(message)
        self.usage = usage


class RateLimited(ProviderProblem):
    """Too many requests or tokens at once. Cured by waiting; costs no attempt.

    Attributes:
        retry_after_s: how long the provider asks to wait, None where it does not say.
    """

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        """Nothing was billed."""
        super().__init__(message, Usage(0, 0))
        self.retry_after_s = retry_after_s


class Transient(ProviderProblem):
    """A fault of the provider or the network. Cured by asking again; billing is unknown."""


class Rejected(ProviderProblem):
    """The provider will not take this request, now or later; others may pass.

    Attributes:
        reason: snake_case, for the row: picture_rejected, content_filter, request_rejected ...
    """

    def __init__(self, reason: str, message: str) -> None:
        """Nothing was billed."""
        super().__init__(message, Usage(0, 0))
        self.reason = reason


class CredentialProblem(ProviderProblem):
    """No request will pass before a person has acted: key missing, revoked, balance empty.

    Attributes:
        variable: the environment variable that holds the key.
        fix: what to do, one sentence.
    """

    def __init__(self, message: str, variable: str, fix: str) -> None:
        """Nothing was billed; the message ends with the fix."""
        super().__init__(f"{message}; {fix}", Usage(0, 0))
        self.variable = variable
        self.fix = fix


def without_secrets(text: str, *secrets: str | None) -> str:
    """The text with every secret replaced, also where only its beginning and end are quoted."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "[key]")
            if len(secret) > 12:
                text = text.replace(secret[:8], "[key]").replace(secret[-4:], "[key]")
    return text
