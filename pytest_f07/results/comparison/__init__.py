"""A run beside earlier ones: what changed, whether it is more than noise, and what is not allowed to."""
