"""What a rollout does: one update after another, watched, foretold, undone."""
