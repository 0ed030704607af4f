"""What people write down: frozen models of criteria, rules, sources and studies; no arithmetic."""
