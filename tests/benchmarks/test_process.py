import os
import subprocess
import sys
import time
from pathlib import Path

import pytest


def test_memory_of_a_tree_counts_mapped_files_once() -> None:
    from process import tree_mb

    main = {"Rss": 900, "Anonymous": 400, "Pss_Anon": 350, "Pss_Shmem": 0}
    child = {"Rss": 600, "Anonymous": 300, "Pss_Anon": 250, "Pss_Shmem": 10}
    assert tree_mb([main, child]) == pytest.approx((350 + 250 + 10 + 500) * 1024 / 1e6)
    assert tree_mb([main, {}]) == tree_mb([main])
    assert tree_mb([]) == 0


def test_descendants_are_found_and_may_have_ended() -> None:
    from process import descendants, rollup

    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        assert {os.getpid(), child.pid} <= set(descendants(os.getpid()))
        assert rollup(child.pid)["Rss"] > 0
    finally:
        child.kill()
        child.wait()
    assert rollup(child.pid) == {}
    assert list(descendants(child.pid)) == [child.pid]


def test_a_run_is_timed_and_its_memory_watched_in_children_too(tmp_path: Path) -> None:
    from process import run

    hold = "import time; block = bytearray(200_000_000); time.sleep(1.5)"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', '{hold}'])"
    took = run([sys.executable, "-c", code], tmp_path / "log", watch=True)
    assert took.seconds > 1.5
    assert 200 < took.tree_mb < 300


def test_a_failing_run_shows_its_last_words(tmp_path: Path) -> None:
    from process import run

    with pytest.raises(RuntimeError, match=r"exit code 7(.|\n)*no such luck"):
        run([sys.executable, "-c", "print('no such luck'); raise SystemExit(7)"], tmp_path / "log")


def test_threads_are_bounded_in_whatever_is_started(tmp_path: Path) -> None:
    from process import run

    run(
        [sys.executable, "-c", "import os; print(os.environ['OMP_NUM_THREADS'], os.environ['MKL_NUM_THREADS'])"],
        tmp_path / "log",
        threads=1,
    )
    assert (tmp_path / "log").read_text().split() == ["1", "1"]


TASK = """
from serve import serve
def prepare(request):
    print("library chatter")
    def measure(asked):
        print("more chatter")
        if asked.get("fail"):
            raise SystemExit(3)
        return {"seconds": request["seconds"]}
    return {"ready": True}, measure
if __name__ == "__main__":
    serve(prepare)
"""


def test_workers_answer_in_turns_whatever_they_print(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import worker

    (tmp_path / "task.py").write_text(f"import sys; sys.path.append({str(worker.TASKS)!r})\n{TASK}")
    monkeypatch.setattr(worker, "TASKS", tmp_path)
    with worker.Worker(sys.executable, "task", {"seconds": 1}, 1) as one, worker.Worker(sys.executable, "task", {"seconds": 2}, 1) as two:
        assert one.facts == {"ready": True}
        answers = worker.in_turns({"one": one, "two": two}, repeats=3)
        assert {name: worker.seconds(own) for name, own in answers.items()} == {"one": [1, 1, 1], "two": [2, 2, 2]}
        with pytest.raises(RuntimeError, match="task task ended with code 3"):
            one.ask(fail=True)
    began = time.perf_counter()
    assert two.process.poll() == 0
    assert time.perf_counter() - began < 1
