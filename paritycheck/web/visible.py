"""What agents send, made harmless to the eye: nothing invisible, nothing that turns the order of the text around."""

import re

# C0 and C1 controls, line and paragraph separators, bidirectional controls, the byte-order mark, tags.
UNSEEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\U000e0000-\U000e007f]"
)


def visible(text: object) -> str:
    r"""`text` with each such character written as its escape, `\u202e`; everything else stays for autoescape."""
    return UNSEEN.sub(lambda found: found.group().encode("unicode_escape").decode("ascii"), str(text))
