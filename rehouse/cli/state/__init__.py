"""The state of a stack beside the engine: who holds it, what is wrong with it, what was left."""
