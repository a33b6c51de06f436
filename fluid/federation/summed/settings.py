"""How a student of summed gradients is made: every value is in the key of its stage."""

from dataclasses import dataclass, field

from fluid.annotation.spec import AnnotationSpec
from fluid.molecules.substructures import Dictionary
from fluid.privacy.privacy_spec import PrivacySpec
from fluid.training.summed.spec import SummedSpec


@dataclass(frozen=True, slots=True)
class SummedSettings:
    """How a student of summed gradients is made.

    Attributes:
        summed: The rounds.
        dictionary: The substructures that are counted.
        privacy: How much all that is opened may tell; the noise follows from it.
        annotation: Domain-score settings of the student.
        seed: The experiment's seed.
        quorum: Fewest labels per class, in each company.
        is_release: Whether companies add up in earnest, and it is no simulation: noise is then drawn by their operating systems.
    """

    summed: SummedSpec
    dictionary: Dictionary
    annotation: AnnotationSpec
    seed: int
    quorum: int = 25
    privacy: PrivacySpec = field(default_factory=PrivacySpec)
    is_release: bool = False
