"""Key pairs, and what is signed with them. Pure functions of values: of randomness there is only what a new key pair
needs."""
