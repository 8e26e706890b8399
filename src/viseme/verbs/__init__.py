"""What a person can do: one file per verb, the same names in Python and on the command line."""
