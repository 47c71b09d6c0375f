"""What circuits measure: one file an engine, the choice among them, and what they share."""
