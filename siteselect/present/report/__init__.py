"""Report: what a committee reads on paper, as one content in two languages and two formats."""
