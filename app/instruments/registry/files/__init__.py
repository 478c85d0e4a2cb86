"""Pictures and manuals of instruments: which of the two a file is, its content decides; who sees the instrument sees them.

What a camera wrote into a picture, the place above all, is not kept.
"""
