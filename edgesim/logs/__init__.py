"""The texts of AWS's logs, as pure functions."""
