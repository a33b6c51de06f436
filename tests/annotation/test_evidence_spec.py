"""What of evidence is released: the public dictionary that its settings name."""

from fluid.annotation.evidence_spec import ReleaseSpec
from fluid.molecules.substructures import Dictionary


def test_settings_name_the_dictionary() -> None:
    assert ReleaseSpec(radius=1, n_bits=64).dictionary == Dictionary(1, 64)
