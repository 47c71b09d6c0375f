"""How fast qconv is, beside its peers, in one run; see `docs/performance.md`."""
