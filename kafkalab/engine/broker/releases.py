"""What older Kafkas speak: the newest version of each request in a few releases.

For a broker that poses as one of them. The oldest versions are this lab's own, which are those of
Kafka 4 (KIP-896). Taken from the message definitions of the releases; requests that a release
does not have are absent.
"""

_KAFKA_2_8: dict[int, int] = {
    0: 9, 1: 12, 2: 6, 3: 11, 8: 8, 9: 7, 10: 3, 11: 7, 12: 4, 13: 4, 14: 5, 15: 5, 16: 4, 17: 1, 18: 3, 19: 7,
    20: 6, 21: 2, 22: 4, 23: 4, 24: 3, 25: 3, 26: 3, 27: 1, 28: 3, 29: 2, 30: 2, 31: 2, 32: 4, 33: 2, 34: 2, 35: 2,
    36: 2, 37: 3, 38: 2, 39: 2, 40: 2, 41: 2, 42: 2, 43: 2, 44: 1, 45: 0, 46: 0, 47: 0, 48: 1, 49: 1, 50: 0, 51: 0,
    56: 0, 57: 0, 60: 0, 61: 0,
}  # fmt: skip
_KAFKA_3_9 = _KAFKA_2_8 | {
    0: 11, 1: 17, 2: 9, 3: 12, 8: 9, 9: 9, 10: 6, 11: 9, 13: 5, 16: 5, 18: 4, 22: 5, 24: 5, 25: 4, 26: 4, 28: 4,
    29: 3, 30: 3, 31: 3, 35: 4, 38: 3, 41: 3, 55: 2, 57: 1, 60: 1, 64: 0, 65: 0, 66: 1, 68: 0, 69: 0, 74: 0, 75: 0,
    80: 0, 81: 0,
}  # fmt: skip
_KAFKA_4_2 = _KAFKA_3_9 | {
    0: 13, 1: 18, 2: 11, 3: 13, 8: 10, 9: 10, 15: 6, 26: 5, 27: 2, 28: 5, 45: 1, 57: 2, 60: 2, 66: 2, 68: 1, 69: 1,
    74: 1, 76: 1, 77: 1, 78: 2, 79: 2, 80: 1, 83: 0, 84: 0, 85: 1, 86: 0, 87: 1, 88: 0, 89: 0, 90: 1, 91: 0, 92: 0,
}  # fmt: skip

RELEASES: dict[str, dict[int, int]] = {"2.8": _KAFKA_2_8, "3.9": _KAFKA_3_9, "4.2": _KAFKA_4_2}
"""Release to API key to its newest version there."""
