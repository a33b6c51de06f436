"""A Slurm of one node on this machine: own folder, own ports, own key; nothing of it is left behind."""

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

NEEDED = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scontrol", "scancel")
CONF = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmctldPort={controller}
SlurmdPort={node}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
SlurmctldDebug=info
SlurmdDebug=info
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,sched_min_interval=0,batch_sched_delay=0,bf_interval=1
JobRequeue=1
ReturnToService=2
KillWait=10
CompleteWait=0
MinJobAge=300
MpiDefault=none
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
NodeName={host} NodeAddr=127.0.0.1 CPUs=4 RealMemory=1000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""
CGROUP_CONF = "CgroupPlugin=disabled\n"


def missing() -> str:
    """Return why no Slurm can be started here, or nothing."""
    absent = [command for command in NEEDED if shutil.which(command) is None]
    if absent:
        return f"no {', '.join(absent)} here: apt-get install slurm-wlm munge"
    return "" if os.geteuid() == 0 else "only root can start a Slurm"


def version() -> tuple[int, ...]:
    """Return year and month of the Slurm that is installed."""
    said = subprocess.run(["slurmctld", "-V"], capture_output=True, text=True, check=True).stdout
    return tuple(int(number) for number in said.split()[-1].split(".")[:2])


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def until(holds: Callable[[], object], what: str, timeout_s: float = 60.0) -> None:
    """Wait until something holds."""
    end = time.monotonic() + timeout_s
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {timeout_s:g} s for {what}")
        time.sleep(0.2)


@dataclass
class Cluster:
    """A running Slurm.

    Attributes:
        folder: Its files.
        environment: By which commands find it.
        daemons: Its processes by name.
    """

    folder: Path
    environment: Mapping[str, str]
    daemons: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def call(self, *command: str | Path, **environment: str) -> str:
        """Run a command and return what it prints."""
        done = subprocess.run(list(map(str, command)), env={**self.environment, **environment}, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{command}: {done.returncode}: {done.stdout} {done.stderr}")
        return done.stdout.strip()

    def start(self, name: str, *command: str) -> None:
        """Start a daemon in the foreground."""
        with (self.folder / f"{name}.out").open("ab") as out:
            self.daemons[name] = subprocess.Popen(
                [name, *command], env=dict(self.environment), stdout=out, stderr=out, stdin=subprocess.DEVNULL
            )

    def stop(self, name: str, kill: bool = False) -> None:
        """Stop a daemon."""
        daemon = self.daemons.pop(name)
        daemon.kill() if kill else daemon.terminate()
        try:
            daemon.wait(15)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()

    def start_node(self) -> None:
        """Start slurmd and wait until the node can be used."""
        self.start("slurmd", "-D")
        until(lambda: self.call("sinfo", "--noheader", "--format", "%T") in ("idle", "mixed", "allocated"), "the node to be idle", 30)

    def state(self, job: str) -> str:
        """Return a job's state."""
        return self.field(job, "JobState")

    def field(self, job: str, name: str) -> str:
        """Return one thing that Slurm knows of a job."""
        words = self.call("scontrol", "show", "job", job, "--oneliner").split()
        return next(word.partition("=")[2] for word in words if word.startswith(f"{name}="))

    def logs(self) -> str:
        """Return the ends of the daemons' logs."""
        return "\n".join(f"{log.name}: {log.read_text()[-1500:]}" for log in sorted(self.folder.glob("*.log")))

    def queued(self) -> list[str]:
        """Return the lines of the queue."""
        return self.call("squeue", "--noheader", "--array", "--format", "%i %j %T %r").splitlines()


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Yield a running Slurm; it is stopped and removed afterwards, with all its jobs, whatever happens."""
    folder = Path(tempfile.mkdtemp(prefix="slurm-"))  # short: the name of a socket has at most 107 letters
    folder.chmod(0o755)
    for name in ("state", "spool"):
        (folder / name).mkdir()
    controller, node = free_ports(2)
    host = socket.gethostname().split(".")[0]
    (folder / "slurm.conf").write_text(CONF.format(host=host, folder=folder, controller=controller, node=node))
    (folder / "cgroup.conf").write_text(CGROUP_CONF if version() >= (23, 2) else "")
    key = folder / "munge.key"
    key.write_bytes(secrets.token_bytes(128))
    key.chmod(0o400)
    made = Cluster(folder, {**os.environ, "SLURM_CONF": str(folder / "slurm.conf")})
    files = {"key-file": "key", "socket": "socket", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
    try:
        made.start("munged", "--foreground", "--force", *(f"--{option}={folder}/munge.{name}" for option, name in files.items()))
        until((folder / "munge.socket").exists, "munged")
        made.start("slurmctld", "-D", "-i")
        until(lambda: subprocess.run(["scontrol", "ping"], env=dict(made.environment), capture_output=True).returncode == 0, "slurmctld")
        made.start_node()
        yield made
    except Exception as error:
        error.add_note(made.logs())
        raise
    finally:
        end(made)


def end(made: Cluster) -> None:
    """Stop everything and remove the folder."""
    if "slurmctld" in made.daemons:
        for how in ((), ("--signal=KILL", "--full")):
            subprocess.run(["scancel", "--quiet", "--user=root", *how], env=dict(made.environment), check=False, timeout=20)
            time.sleep(1)
    for name in list(made.daemons)[::-1]:
        made.stop(name)
    shutil.rmtree(made.folder, ignore_errors=True)
