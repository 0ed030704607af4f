"""Arrays in, arrays out: values, scores, ranks, weights, robustness; numpy only."""
