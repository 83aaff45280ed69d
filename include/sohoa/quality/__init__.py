"""From numbers to verdicts: limits, the rules they compile to, two engines that apply them, table invariants."""
