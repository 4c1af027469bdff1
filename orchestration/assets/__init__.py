"""Assets, one file per station of a run. Wiring only: what they call lives in the packages below."""
