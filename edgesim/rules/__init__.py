"""Ring 2: CloudFront's semantics as pure questions. Each answer says what, and because of what (reasons.py)."""
