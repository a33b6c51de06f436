"""Stages of a federation on more and more molecules: featurise, annotate, aggregate, train; each on what the one before made."""

from serve import Answer, Measure, serve, timed

TEACHERS = 8
REFERENCES = 1000


def prepare(request: Answer) -> tuple[Answer, Measure]:
    """Make eight untrained teachers: what a pass costs does not depend on the weights."""
    import numpy as np
    import torch

    from fluid.annotation.domain import DomainScorer
    from fluid.data.endpoints import Endpoint
    from fluid.distillation.combine import combine
    from fluid.models.ensemble import GraphEnsemble, predict_together
    from fluid.models.network import Network
    from fluid.models.predictor import NetworkSpec
    from fluid.molecules.molecule_set import MoleculeSet
    from fluid.molecules.standardize import StandardizeSpec
    from fluid.molecules.workers import prepare_many
    from fluid.training.config import TrainerSpec, TrainingConfig
    from fluid.training.train import Job, train_student

    threads, endpoints, one = request["threads"], (Endpoint("y"),), np.ones(1, dtype=np.float32)
    torch.set_num_threads(threads)
    made = [Network(NetworkSpec(), endpoints).eval() for _ in range(TEACHERS)]
    teachers = [GraphEnsemble((network,), endpoints, one, 0 * one, one) for network in made]
    job = Job("student", NetworkSpec(), TrainingConfig(epochs=1, batch_size=128, validation_share=0.05), TrainerSpec(threads=threads), 0)

    def featurise(smiles: list[str]) -> MoleculeSet:
        first, *rest = (part.molecules for part in prepare_many(smiles, StandardizeSpec(), threads, with_keys=False))
        return first.followed_by(rest)

    def annotate(molecules: MoleculeSet) -> dict[str, torch.Tensor]:
        predictions = np.stack([answer.mean for answer in predict_together(teachers, molecules)])
        scorers = [DomainScorer(molecules.bits[k * REFERENCES // TEACHERS :][:REFERENCES]) for k in range(TEACHERS)]
        similarity = np.stack([np.concatenate([scorer.bins(bits) for bits in np.split(molecules.bits, range(4096, len(molecules), 4096))])
                               for scorer in scorers]) / 4  # fmt: skip
        return {
            "predictions": torch.from_numpy(predictions.astype(np.float32)),
            "similarity": torch.from_numpy(similarity.astype(np.float32)),
        }

    def measure(asked: Answer) -> Answer:
        seconds = {}
        seconds["featurise"], molecules = timed(lambda: featurise(asked["smiles"]))
        seconds["annotate"], answers = timed(lambda: annotate(molecules))
        seconds["aggregate"], consensus = timed(lambda: combine("similarity", answers, ["classification"], power=4.0))
        soft = consensus.soft_label.numpy()
        seconds["train"], _ = timed(lambda: train_student(job, molecules, soft, np.ones_like(soft), endpoints))
        return {"seconds": seconds, "molecules": len(molecules)}

    return {"teachers": TEACHERS}, measure


if __name__ == "__main__":
    serve(prepare)
