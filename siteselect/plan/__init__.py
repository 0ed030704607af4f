"""From performances and scores to proposals: portfolios, chains, links, inquiries."""
