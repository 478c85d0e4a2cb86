"""Delta Commons: experts, datasets, instruments and technology shared by four provinces."""

__version__ = "0.1.0"
