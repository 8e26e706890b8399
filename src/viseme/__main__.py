"""`python -m viseme` is the command `viseme`."""

from viseme.cli import main

if __name__ == "__main__":
    main()
