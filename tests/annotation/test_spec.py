import pytest

from fluid.annotation.spec import AnnotationSpec
from fluid.errors import ConfigError


@pytest.mark.parametrize(
    ("settings", "said"), [({"k": 1}, r"annotation\.k is 1"), ({"edges": (0.3, 0.61)}, r"annotation\.edges is \[0\.3, 0\.61\]")]
)
def test_domain_scores_that_point_at_single_molecules_are_refused_unless_asked_for(settings: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said + ".*which single molecules a company has.*annotation.revealing=true"):
        AnnotationSpec(**settings)  # type: ignore[arg-type]
    assert AnnotationSpec(**settings, revealing=True).revealing  # type: ignore[arg-type]
    assert AnnotationSpec(**settings, domain="evidence").domain == "evidence"  # type: ignore[arg-type]


def test_scores_at_the_bound_are_allowed() -> None:
    assert AnnotationSpec(edges=(0.3, 0.6), k=2).k == 2


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"digits": 8}, r"annotation\.digits is 8; expected a whole number from 0"),
        ({"overlap": "ignore"}, r"annotation\.overlap is 'ignore'; expected one of refuse, cross_fit, allow"),
        ({"overlap_similarity": 0.0}, r"annotation\.overlap_similarity is 0\.0"),
        ({"folds": 1}, r"annotation\.folds 1; expected a similarity above 0"),
        ({"overlap": "cross_fit", "domain": "distances"}, "raw distances tell of own molecules whoever answers"),
    ],
)
def test_what_cannot_be_released_is_refused(settings: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        AnnotationSpec(**settings)  # type: ignore[arg-type]
