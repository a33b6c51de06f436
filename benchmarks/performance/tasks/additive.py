"""An additive model and many ridge regressions, by ours and by scikit-learn at its best: seconds, and how far from the optimum."""

import warnings
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np
from serve import Answer, Measure, serve, timed

STRENGTH, COPY_STRENGTHS = 0.1, (0.1, 1.0, 10.0)
SOLVERS, TOLERANCES = ("lbfgs", "newton-cg"), (1e-4, 1e-6)
RIDGE_TOLERANCES = (1e-4, 1e-5, 1e-6)


def quickest(candidates: Iterable[Callable[[], Any]], gap: Callable[[Any], float], allowed: float) -> tuple[Callable[[], Any], float]:
    """Return the candidate that is fastest among those near enough to the optimum, and how near it comes."""
    found = [(*timed(candidate), candidate) for candidate in candidates]
    _, near, best = min((seconds, gap(result), work) for seconds, result, work in found if gap(result) <= allowed)
    return best, near


def features_of(spec: Any, smiles: list[str]) -> Any:
    """Return what an additive model reads of standardised SMILES."""
    from fluid.molecules.molecule_set import MoleculeSet

    return spec.dictionary.features(MoleculeSet.from_smiles(smiles, smiles))


class Classes:
    """Logistic regression: the objective that both sides minimise, and each side's way."""

    def __init__(self, smiles: list[str], labels: np.ndarray) -> None:
        from fluid.models.additive_spec import AdditiveSpec

        self.spec, self.labels = AdditiveSpec(strengths=(STRENGTH,)), labels
        self.features = features_of(self.spec, smiles)
        self.optimum = self.objective(*self.theirs("newton-cg", 1e-8))

    def objective(self, weights: np.ndarray, bias: float) -> float:
        """Return what both sides minimise."""
        scores = self.features @ weights + bias
        return float(0.5 * weights @ weights + STRENGTH * np.sum(np.logaddexp(0, scores) - self.labels * scores))

    def gap(self, found: tuple[np.ndarray, float]) -> float:
        """Return by which share the objective is above its minimum."""
        return self.objective(*found) / self.optimum - 1

    def ours(self) -> tuple[np.ndarray, float]:
        """Fit by our solver."""
        from fluid.models.additive_solve import solve_classes

        found = solve_classes(self.features, self.labels, np.ones(len(self.labels)), STRENGTH)
        return found.weights, found.bias

    def theirs(self, solver: str, tolerance: float) -> tuple[np.ndarray, float]:
        """Fit by one of scikit-learn's solvers."""
        from sklearn.linear_model import LogisticRegression

        found = LogisticRegression(C=STRENGTH, solver=solver, tol=tolerance, max_iter=5000, random_state=0).fit(self.features, self.labels)
        self.model = found
        return found.coef_[0], float(found.intercept_[0])

    def predictor(self) -> Any:
        """Return our model with the weights that were found."""
        from fluid.data.endpoints import Endpoint
        from fluid.models.additive import AdditivePredictor
        from fluid.models.additive_solve import solve_classes

        found = solve_classes(self.features, self.labels, np.ones(len(self.labels)), STRENGTH)
        planes = {name: np.array([value], np.float32) for name, value in found._asdict().items()}
        ones = np.ones(1, np.float32)
        return AdditivePredictor(**planes, noise=0 * ones, temperature=ones, endpoints=(Endpoint("y"),), spec=self.spec)


class Copies:
    """Eight ridge regressions on the same molecules at three strengths, as heads are copied; the error is relative, of the answers."""

    def __init__(self, smiles: list[str]) -> None:
        from fluid.models.additive_spec import AdditiveSpec

        self.features = features_of(AdditiveSpec(), smiles)
        draw = np.random.default_rng(0)
        self.targets = self.features @ draw.normal(0, 0.3, (self.features.shape[1], 8)) + draw.normal(0, 0.3, (len(smiles), 8))
        self.exact = [self.theirs(strength, 1e-8) for strength in COPY_STRENGTHS]

    def gap(self, found: list[np.ndarray]) -> float:
        """Return how far answers are from the exact ones: the spread of the difference over that of the answers, of the worst target."""
        apart = (np.abs(one - exact).std(axis=0) / exact.std(axis=0) for one, exact in zip(found, self.exact, strict=True))
        return float(max(one.max() for one in apart))

    def ours(self) -> list[np.ndarray]:
        """Copy at all strengths, all targets together."""
        from fluid.models.additive_solve import ridge_together

        found = [ridge_together(self.features, self.targets, strength) for strength in COPY_STRENGTHS]
        return [self.features @ weights.T + bias for weights, bias in found]

    def theirs(self, strength: float, tolerance: float) -> np.ndarray:
        """Copy at one strength, one target after the other."""
        from sklearn.linear_model import Ridge

        found = Ridge(alpha=1 / strength, solver="sparse_cg", tol=tolerance).fit(self.features, self.targets)
        return np.asarray(found.predict(self.features))

    def all_theirs(self, tolerance: float) -> list[np.ndarray]:
        """Copy at all strengths."""
        return [self.theirs(strength, tolerance) for strength in COPY_STRENGTHS]


def best_peer(what: str, problem: Any, near: float) -> tuple[Callable[[], Any], float]:
    """Return the peer's fastest setting that comes as near to the optimum as ours."""
    if what == "copies":
        return quickest((partial(problem.all_theirs, tolerance) for tolerance in RIDGE_TOLERANCES), problem.gap, max(near, 1e-8))
    tried = (partial(problem.theirs, solver, tolerance) for solver in SOLVERS for tolerance in TOLERANCES)
    return quickest(tried, problem.gap, max(near, 1e-9))


def counting(request: Answer) -> tuple[Answer, Measure]:
    """Count substructures of molecules whose SMILES and graphs are there: from the graphs, or by RDKit from the SMILES."""
    from fluid.molecules.molecule_set import MoleculeSet
    from fluid.molecules.substructures import Dictionary, count_substructures, substructure_counts

    smiles, size = request["smiles"], Dictionary()
    molecules = MoleculeSet.from_smiles(smiles, smiles)
    ours = partial(count_substructures, molecules, size.radius, size.n_bits)
    peer = partial(substructure_counts, smiles, size.radius, size.n_bits)
    facts = {"different_molecules": int(((ours() != peer()).getnnz(axis=1) > 0).sum())}
    work = peer if request["side"] == "peer" else ours
    return facts, lambda _: {"seconds": timed(work)[0]}


def prepare(request: Answer) -> tuple[Answer, Measure]:
    """Count substructures; the peer finds its setting first."""
    warnings.simplefilter("ignore")
    if request["what"] == "counts":
        return counting(request)
    what, is_peer = request["what"], request["side"] == "peer"
    problem = Copies(request["smiles"]) if what == "copies" else Classes(request["smiles"], np.array(request["labels"], dtype=float))
    near = problem.gap(problem.ours())
    work, peer_near = best_peer(what, problem, near) if is_peer and what != "answers" else (problem.ours, near)
    facts = {"gap": near, "peer_gap": peer_near, "peer_setting": list(map(str, getattr(work, "args", ())))}
    if what == "answers":
        model, fitted = problem.predictor(), problem.model
        work = (lambda: fitted.predict_proba(problem.features)) if is_peer else (lambda: model.answer(problem.features))
    return facts, lambda _: {"seconds": timed(work)[0]}


if __name__ == "__main__":
    serve(prepare)
