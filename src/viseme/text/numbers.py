"""English words for the whole numbers that appear as digits in transcripts."""

# num2words 0.5 has "and", commas and hyphens, which would have to be taken out again (LGPL, 32 ms).

# fmt: off
_SMALL = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen",
)
# fmt: on
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES = ((1_000_000, "million"), (1_000, "thousand"), (100, "hundred"))

MAX_NUMBER = 999_999_999


def number_words(number: int) -> str:
    """The number in words without "and" or hyphens: 1234 is "one thousand two hundred thirty four".

    Raises:
        ValueError: `number` is outside 0 to `MAX_NUMBER`.
    """
    if not 0 <= number <= MAX_NUMBER:
        raise ValueError(f"{number} is outside 0 to {MAX_NUMBER}")
    for scale, name in _SCALES:
        if number >= scale:
            head, rest = divmod(number, scale)
            return f"{number_words(head)} {name}" + (f" {number_words(rest)}" if rest else "")
    if number < len(_SMALL):
        return _SMALL[number]
    tens, ones = divmod(number, 10)
    return _TENS[tens - 2] + (f" {_SMALL[ones]}" if ones else "")


def digits_to_words(digits: str) -> str:
    """Words for a run of digits; one with a leading zero or too many digits is read one by one."""
    if (digits[0] == "0" and len(digits) > 1) or int(digits) > MAX_NUMBER:
        return " ".join(number_words(int(digit)) for digit in digits)
    return number_words(int(digits))
