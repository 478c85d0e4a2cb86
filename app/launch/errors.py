"""The one kind of error a person sees on the command line instead of a traceback."""


class LaunchError(Exception):
    """Something outside the program has to change before it can start; `str()` is one bilingual line."""

    def __init__(self, chinese: str, english: str) -> None:
        """Keep both wordings; which language the person at the terminal reads is unknown."""
        super().__init__(f"{chinese} / {english}")
