"""Sharing under agreement: what an agreement of the city pack lets out, and nothing else.

agreement (the file) → permission (may it now?) → cells (read and hidden) → files → parcel (packed,
encrypted, signed) → share (ledger, store). Beside it: recall, and verify for the recipient.
"""
