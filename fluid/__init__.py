"""FLuID: federated learning using information distillation for molecular property models.

Importing this package is quick and changes no global state; import the room you need
(`fluid.molecules`, `fluid.distillation`, `fluid.federation`, ...).
"""

__version__ = "0.1.0"
