"""From a zone-hour above its limit to a message a person can judge: rules, candidates, messages."""
