"""Speed and memory, each against a peer or a floor; `python -m benchmarks NAME --help`."""
