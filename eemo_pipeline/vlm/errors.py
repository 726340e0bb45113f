"""Provider errors, grouped by their remedy.

Each provider module in `resources/providers/` maps its own errors to these classes;
`engine/attempts.py` decides which are retried, and `engine/rate_limiter.py` handles 429s. No
message contains a key: `without_secrets` filters the provider's text first.
"""

from eemo_pipeline.vlm.contract import Usage


class ProviderProblem(Exception):
    """An attempt that produced no reply.

    Attributes:
        usage: The tokens billed nonetheless; None if unknown.
    """

    def __init__(self, message: str, usage: Usage | None = None) -> None:
        """Set the message, which must be safe to store."""
        super().__init__(message)
        self.usage = usage


class RateLimited(ProviderProblem):
    """Too many requests or tokens at once. Remedy: wait. Does not count as a failed attempt.

    Attributes:
        retry_after_s: The wait that the provider asks for; None if it names none.
    """

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        """Record that nothing was billed."""
        super().__init__(message, Usage(0, 0))
        self.retry_after_s = retry_after_s


class Transient(ProviderProblem):
    """A fault of the provider or the network. Remedy: retry. Billing is unknown."""


class Rejected(ProviderProblem):
    """The provider does not accept this request; other requests may pass.

    Attributes:
        reason: snake_case, stored with the row: picture_rejected, content_filter, request_rejected
            ...
    """

    def __init__(self, reason: str, message: str) -> None:
        """Record that nothing was billed."""
        super().__init__(message, Usage(0, 0))
        self.reason = reason


class PictureRefused(Rejected):
    """The provider refuses this image, by a code of its own that says so. Stored as a refusal.

    A `Rejected` whose words only mention an image is no refusal: a model that cannot see says so
    too, of every image.
    """


class CredentialProblem(ProviderProblem):
    """No request passes until a person acts: key missing, balance empty, daily quota used up.

    Attributes:
        variable: The environment variable that holds the key.
        fix: The remedy, in one sentence.
    """

    def __init__(self, message: str, variable: str, fix: str) -> None:
        """Record that nothing was billed; the message ends with the fix."""
        super().__init__(f"{message}; {fix}", Usage(0, 0))
        self.variable = variable
        self.fix = fix


def without_secrets(text: str, *secrets: str | None) -> str:
    """Replace every secret in the text, even if only its beginning and end are quoted."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "[key]")
            if len(secret) > 12:
                text = text.replace(secret[:8], "[key]").replace(secret[-4:], "[key]")
    return text
