import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # blocks and server, which the tests of this folder share
