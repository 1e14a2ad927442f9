"""The settings: what config.yaml and the environment may say, read and checked."""
