"""The sections of the configuration: a setting is one field in one of them."""
