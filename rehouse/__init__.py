"""Rehouse moves services between houses: VMs, containers, and containers on VMs."""
