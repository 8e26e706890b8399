"""Training: a visible loop on Lightning Fabric that knows no paper."""
