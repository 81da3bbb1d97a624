"""What stops a local command, in words for the person at the terminal."""


class LocalError(Exception):
    """Shown as one message without a traceback; it says what is the matter and what to run next."""
