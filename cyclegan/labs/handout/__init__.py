"""One file about a run, a set or a laboratory, that anyone can hand in: HTML that needs nothing
beside it and asks for nothing."""
