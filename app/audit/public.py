"""What features tell the journal's readers of their things."""

from app.audit.telling import Subject, tell

__all__ = ["Subject", "tell"]
