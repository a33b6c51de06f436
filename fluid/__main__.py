"""`python -m fluid` is the same as `fluid`."""

from fluid.cli.main import entry

if __name__ == "__main__":
    entry()
