"""Training: Lightning modules of teachers, students and hybrids, loaders, configs, calibration."""
