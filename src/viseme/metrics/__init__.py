"""Metrics: error rates of recognition, calibration of confidence."""
