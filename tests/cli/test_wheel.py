import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a wheel and unpack it where no checkout is."""
    out, place = tmp_path_factory.mktemp("wheel"), tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(CHECKOUT)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    zipfile.ZipFile(next(out.glob("*.whl"))).extractall(place)
    return place


def test_the_wheel_holds_code_configuration_template_and_data(installed: Path) -> None:
    for name in (
        "fluid/conf/simulate.yaml",
        "fluid/conf/model/gine.yaml",
        "fluid/reporting/templates/report.html",
        "fluid/data/embedded/pool.parquet",
    ):
        assert (installed / name).is_file(), name
    assert not (installed / "tests").exists()


def test_the_embedded_data_are_small(installed: Path) -> None:
    assert sum(file.stat().st_size for file in (installed / "fluid" / "data" / "embedded").iterdir()) <= 2_000_000


def test_the_wheel_works_outside_the_checkout(installed: Path, small: list[str], tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(installed), "OMP_NUM_THREADS": "1"}
    place = subprocess.run(
        [sys.executable, "-c", "import fluid; print(fluid.__file__)"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert place.stdout.startswith(str(installed))
    done = subprocess.run(
        [sys.executable, "-m", "fluid", "simulate", *small, "intake.workers=1", "name=x"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "runs" / "x" / "report.html").is_file()
