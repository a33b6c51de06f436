"""Command line: configuration → plain typed objects → one call. The only room that knows Hydra, OmegaConf and W&B."""
