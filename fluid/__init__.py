"""FLuID: federated learning using information distillation for molecular property models.

Importing this package is quick and changes no global state; import the room you need
(`fluid.molecules`, `fluid.distillation`, `fluid.federation`, ...).
"""

from fluid.version import __version__ as __version__
