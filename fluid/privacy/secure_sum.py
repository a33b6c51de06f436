"""Sums of several parties' numbers of which nothing but the sum is opened: masks of pairs, which cancel (secure aggregation).

After Bonawitz et al. 2017 (doi:10.1145/3133956.3133982), without the shares by which they go on when somebody fails: a sum of which one
part does not come cannot be opened, and is asked for again without that party. Each pair agrees on a key (X25519) that only the two know;
in every round one of them adds the pair's stream of numbers (ChaCha20) to what it sends, and the other takes it away. What one party sends
is as good as random to whoever lacks its keys; together all streams cancel, exactly, since numbers are counted modulo 2^64. That the public
keys are whose they are said to be is assumed, and is for whoever hands them round to prove.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fluid.artifacts import hash_json
from fluid.errors import ArtifactError, ConfigError, ShapeError

BITS = 32
"""Bits after the point: numbers are rounded to multiples of 2^-32."""
LARGEST = 2.0 ** (63 - BITS)
"""No sum reaches this, since no party's numbers reach their share of it."""
WORD = 8
KEY_SIZE = 32
MISSING = "Install it: pip install 'fluid[privacy]'."


@dataclass(frozen=True, slots=True)
class Roster:
    """Who adds up, and what; masks of one roster are of no use for another.

    Attributes:
        keys: Public key of each party, by name.
        purpose: What the sums are of.

    Raises:
        ConfigError: There are fewer than two parties, so that a sum hides nobody, or two have one key.
        ArtifactError: A key has not the right length.
    """

    keys: Mapping[str, bytes]
    purpose: str

    def __post_init__(self) -> None:
        """Check the keys."""
        if len(self.keys) < 2:
            raise ConfigError(f"a sum of {len(self.keys)} part hides nobody", expected="two parties or more")
        for name, key in self.keys.items():
            if len(key) != KEY_SIZE:
                raise ArtifactError(f"the public key of {name} has {len(key)} bytes", expected=f"{KEY_SIZE}")
        if len(set(self.keys.values())) < len(self.keys):
            raise ConfigError("two parties have the same public key", expected="a key of each party's own")

    @property
    def digest(self) -> bytes:
        """A hash of names, keys and purpose."""
        return bytes.fromhex(hash_json([self.purpose, sorted((name, key.hex()) for name, key in self.keys.items())]))

    def without(self, *absent: str) -> "Roster":
        """Return the roster of all others: what the round of somebody who did not deliver is repeated with."""
        return Roster({name: key for name, key in self.keys.items() if name not in absent}, self.purpose)


class Party:
    """One party: its secret key, from the operating system, and the rounds that it has masked.

    Args:
        name: Its name.

    Raises:
        ConfigError: The package that has the ciphers is not installed.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._secret = _ciphers()["X25519PrivateKey"].generate()
        self._masked = set[tuple[bytes, int]]()

    @property
    def public(self) -> bytes:
        """Its public key."""
        key: bytes = self._secret.public_key().public_bytes_raw()
        return key

    def mask(self, values: np.ndarray, roster: Roster, number: int) -> np.ndarray:
        """Return numbers as they may leave: rounded, and masked with the streams of all pairs that the party is in.

        A last word, of 1, is masked too: if the masks do not cancel, the sum of these is not the number of parties.

        Args:
            values: Finite numbers `(D,)`, in magnitude below `LARGEST` by the number of parties.
            roster: Who adds up.
            number: Of the round, 0 or more.

        Returns:
            Words `(D + 1,)` uint64.

        Raises:
            ConfigError: The party masked a part of this round before, so that the difference of both would be bare; the roster has not its
                own key; or a number is too large.
            ArtifactError: Another party's key is none.
        """
        if roster.keys.get(self.name) != self.public:
            raise ConfigError(f"the roster has another key of {self.name}", expected="the public key that it made for this roster")
        if (roster.digest, number) in self._masked:
            raise ConfigError(f"{self.name} has masked its part of round {number} before", expected="a new round, or a new roster")
        words = np.append(in_words(values, len(roster.keys)), np.uint64(1))
        self._masked.add((roster.digest, number))
        for other in roster.keys:
            if other != self.name:
                stream = self._stream(other, roster, number, len(words))
                words = words + stream if self.name < other else words - stream
        return words

    def _stream(self, other: str, roster: Roster, number: int, size: int) -> np.ndarray:
        """Return the pair's words `(size,)` of a round; only the two can compute them."""
        found = _ciphers()
        try:
            shared = self._secret.exchange(found["X25519PublicKey"].from_public_bytes(roster.keys[other]))
        except ValueError:
            raise ArtifactError(f"the public key of {other} is no point that keys are agreed on with", expected="another key") from None
        pair = "\x1f".join(sorted((self.name, other))).encode()
        key = found["HKDF"](found["SHA256"](), 32, salt=roster.digest, info=b"fluid secure sum " + pair).derive(shared)
        nonce = bytes(4) + number.to_bytes(12, "little")
        stream = found["Cipher"](found["ChaCha20"](key, nonce), mode=None).encryptor().update(bytes(WORD * size))
        return np.frombuffer(stream, dtype="<u8")


def in_words(values: np.ndarray, parties: int) -> np.ndarray:
    """Return numbers `(D,)` as multiples of `2^-BITS` modulo 2^64, `(D,)` uint64.

    Raises:
        ConfigError: A number is not finite, or so large that a sum of so many parties might not fit.
        ShapeError: The numbers are no vector.
    """
    if values.ndim != 1:
        raise ShapeError(f"what is to be added has shape {values.shape}", expected="one dimension")
    wrong = np.flatnonzero(~(np.abs(values) < LARGEST / parties))
    if len(wrong):
        raise ConfigError(f"number {wrong[0] + 1} of a sum is {values[wrong[0]]:.6g}", expected=f"less than {LARGEST / parties:.6g}")
    return np.rint(values.astype(np.float64) * 2.0**BITS).astype(np.int64).view(np.uint64)


def opened(masked: Mapping[str, np.ndarray], roster: Roster) -> np.ndarray:
    """Return the sum `(D,)` float64 of what all parties of a roster masked for one round: exact, but for each part's rounding.

    Args:
        masked: What each party sent, by name.
        roster: Who adds up.

    Raises:
        ArtifactError: A part is missing, or the masks do not cancel: somebody masked for another round or roster.
        ShapeError: Parts differ in shape or type.
    """
    absent = sorted(set(roster.keys) - set(masked))
    if absent:
        raise ArtifactError(
            f"{', '.join(absent)} sent nothing, so that the masks of the others do not cancel",
            expected="the parts of all of the roster",
            remedy="Repeat the round without them: everybody masks anew, with the roster of the others.",
        )
    parts = [masked[name] for name in roster.keys]
    check_alike(parts)
    total = np.add.reduce(np.stack(parts))
    if int(total[-1]) != len(parts):
        raise ArtifactError("the masks do not cancel", expected="parts of one round, by everybody's one roster")
    numbers: np.ndarray = total[:-1].view(np.int64) * 2.0**-BITS
    return numbers


def check_alike(parts: Sequence[np.ndarray]) -> None:
    """Refuse parts that cannot be added.

    Raises:
        ShapeError: Parts differ in shape or type.
    """
    for part in parts:
        if part.dtype != np.uint64 or part.shape != parts[0].shape or part.ndim != 1 or not len(part):
            raise ShapeError(f"a part of a sum has shape {part.shape} and type {part.dtype}", expected=f"uint64 {parts[0].shape}")


def _ciphers() -> Mapping[str, Any]:
    try:
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
        from cryptography.hazmat.primitives.ciphers import Cipher
        from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF
    except ImportError:
        raise ConfigError("keys and ciphers are those of cryptography, which is not here", remedy=MISSING) from None
    found = (X25519PrivateKey, X25519PublicKey, Cipher, ChaCha20, SHA256, HKDF)
    return {one.__name__: one for one in found}
