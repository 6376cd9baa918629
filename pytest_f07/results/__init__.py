"""From the log to what people read: audit, metrics, verdicts, figures, report, metadata."""
