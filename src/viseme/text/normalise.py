"""The one normaliser: what two texts must share to count as the same in every score.

Every language:
- Unicode NFKC, lower case (not case folding: German "ß" stays), final sigma written as sigma;
- an apostrophe between letters or digits stays, written straight ("don't", "l'homme");
- all other punctuation and every symbol becomes a space, hyphens too; but the full stops of an
  abbreviation go without one ("U.S." is "us"), and so do invisible format characters;
- one space between words, none at the ends.

English also says what is written in signs: numbers to 999,999,999 ("2" is "two", "1,000" is "one
thousand", "3.5" is "three point five"), "&" and "%". GRID and LRS write words where recognisers
write digits. Ordinals ("2nd"), currencies and contractions stay as they are; years are read as
numbers. Arabic loses its short vowels and the tatweel. Chinese has a space around every character,
so that its word error rate is the usual character error rate.
"""

import re
import unicodedata

from viseme.text.numbers import digits_to_words

# Quotation marks U+2018, U+2019, U+201B, the letter U+02BC, Armenian U+055A, full-width U+FF07, and
# the grave and acute accents that keyboards offer.
_APOSTROPHES = dict.fromkeys((0x2018, 0x2019, 0x201B, 0x02BC, 0x055A, 0xFF07, 0x60, 0xB4), "'")
_FINAL_SIGMA, _SIGMA = "\u03c2", "\u03c3"
_ABBREVIATION = re.compile(r"\b(?:[^\W\d_]\.){2,}")
_ENGLISH_ORDINAL_OR_NUMBER = re.compile(
    r"(?P<ordinal>[0-9]+(?:st|nd|rd|th)\b)"
    r"|(?P<whole>[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)(?:\.(?P<fraction>[0-9]+))?"
)
_ENGLISH_SIGNS = {ord("&"): " and ", ord("%"): " percent "}
_ARABIC_MARKS = re.compile("[\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06ed]")
_CHINESE_CHARACTER = re.compile("([\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])")


def normalise(text: str, language: str = "en") -> str:
    """Bring a text into the form in which it is scored; doing it twice changes nothing.

    Args:
        text: any text.
        language: its BCP 47 tag; only the primary part counts ("en" of "en-GB").
    """
    # Apostrophes before NFKC, which splits the acute accent, and after it, which makes some.
    text = unicodedata.normalize("NFKC", text.translate(_APOSTROPHES))
    text = text.translate(_APOSTROPHES).lower().replace(_FINAL_SIGMA, _SIGMA)
    match language.lower().split("-")[0]:
        case "en":
            text = _ENGLISH_ORDINAL_OR_NUMBER.sub(_say_number, text.translate(_ENGLISH_SIGNS))
        case "ar":
            text = _ARABIC_MARKS.sub("", text)
        case "zh" | "cmn" | "yue":
            text = _CHINESE_CHARACTER.sub(r" \1 ", text)
    text = _ABBREVIATION.sub(lambda match: match[0].replace(".", ""), text)
    text = unicodedata.normalize("NFKC", _without_punctuation(text))
    return " ".join(text.split())


def _say_number(match: re.Match[str]) -> str:
    if match["ordinal"]:
        return f" {match['ordinal']} "
    words = digits_to_words(match["whole"].replace(",", ""))
    if match["fraction"]:
        words += " point " + " ".join(map(digits_to_words, match["fraction"]))
    return f" {words} "


def _without_punctuation(text: str) -> str:
    """Letters, digits, their combining marks and inner apostrophes; the rest becomes spaces."""
    kinds = [unicodedata.category(char) for char in text]
    kept = [" "]
    for char, kind, following in zip(text, kinds, [*kinds, "Zs"][1:], strict=True):
        if kind == "Cf":
            continue
        inside = kept[-1] != " "
        is_letter = kind[0] in "LN" or (kind[0] == "M" and inside)
        is_inner_apostrophe = char == "'" and inside and following[0] in "LN"
        kept.append(char if is_letter or is_inner_apostrophe else " ")
    return "".join(kept)
