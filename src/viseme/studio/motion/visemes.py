"""From speech sounds to visemes: what of an IPA symbol can be seen.

The classes refine the 14 of MPEG-4 (ISO/IEC 14496-2, table C.1), which go back to the groups that
lip readers confuse (Fisher 1968, "Confusions among visually perceived consonants"; Jeffers and
Barley 1971, "Speechreading"). MPEG-4's are for English; the others are for what German, French,
Spanish, Italian, Portuguese, Mandarin, Russian, Arabic and Greek add: front rounded vowels, spread
palatals, approximants of both lips.

| class           | sounds                | MPEG-4 | Jeffers and Barley     |
|-----------------|-----------------------|--------|------------------------|
| rest            | pause                 | 0      |                        |
| bilabial        | p b m                 | 1      | lips together          |
| labiodental     | f v                   | 2      | lip to teeth           |
| lip_narrow      | ɸ β                   |        |                        |
| lip_glide       | w ɥ                   |        | lips puckered          |
| dental          | θ ð                   | 3      | tongue between teeth   |
| alveolar        | t d n l r             | 4, 8   | tongue up or down      |
| sibilant        | s z ɕ                 | 7      | teeth together         |
| postalveolar    | ʃ ʒ ʂ                 | 6      | lips forward           |
| rhotic          | ɹ ɻ                   | 9      | lips puckered          |
| palatal         | j ɲ ç                 |        |                        |
| back            | k ɡ ŋ x h ʁ ħ         | 5      | tongue back            |
| close_front     | i                     | 12     | lips relaxed, narrow   |
| near_close      | ɪ ɨ                   | 12     | lips relaxed, narrow   |
| mid_front       | e ɛ                   | 11     | lips relaxed, moderate |
| central         | ə ɜ ɤ                 |        | lips relaxed, moderate |
| open            | a æ ɑ                 | 10     | lips relaxed, moderate |
| near_open       | ʌ ɐ                   | 10     | lips relaxed, moderate |
| open_round      | ɔ ɒ                   | 13     | lips rounded, moderate |
| mid_round       | o                     | 13     | lips rounded, moderate |
| close_round     | u ʊ                   | 14     | lips puckered          |
| front_close_round | y ʏ                 |        |                        |
| front_mid_round | ø œ                   |        |                        |
"""

# ruff: noqa: RUF001 - IPA letters are meant to look like Latin ones.

import unicodedata

REST = "rest"

SOUNDS = {
    "bilabial": "pbmɓʙʘ",
    "labiodental": "fvɱʋⱱ",
    "lip_narrow": "ɸβ",
    "lip_glide": "wʍɥ",
    "dental": "θðǀ",
    "alveolar": "tdnlrɾɫɬɮɭɳʈɖɽɺɗǁǃT",
    "sibilant": "szɕʑ",
    "postalveolar": "ʃʒʂʐɧǂ",
    "rhotic": "ɹɻ",
    "palatal": "jɲʎcɟʝʄ",
    "back": "kɡgŋxɣqɢɴχʁʀhɦħʕʔɰʟɠʛʜʢʡ",
    "close_front": "i",
    "near_close": "ɪɨᵻɯ",
    "mid_front": "eɛ",
    "central": "əɜɘɚɝɤɞᵊ",
    "open": "aæɑ",
    "near_open": "ʌɐ",
    "open_round": "ɔɒɶ",
    "mid_round": "oɵ",
    "close_round": "uʊʉᵿ",
    "front_close_round": "yʏ",
    "front_mid_round": "øœ",
}
"""The IPA letters of each class, and espeak-ng's and Kokoro's own (T is a flap); ç counts as c."""

VOWELS = tuple(SOUNDS)[tuple(SOUNDS).index("close_front") :]

# Kokoro writes the diphthongs of English as one capital each.
CAPITALS = {"A": "eɪ", "I": "aɪ", "O": "oʊ", "Q": "əʊ", "W": "aʊ", "Y": "ɔɪ"}
AFFRICATES = {"ʧ": "tʃ", "ʤ": "dʒ", "ʦ": "ts", "ʣ": "dz", "ʨ": "tɕ", "ʥ": "dʑ", "ꭧ": "ʈʂ"}

_CLASS_OF = {letter: name for name, letters in SOUNDS.items() for letter in letters}


def visemes(symbol: str) -> tuple[str, ...]:
    """The classes that one phone runs through, such as two for a diphthong or an affricate.

    Marks of stress, length, tone, voice and nasality cannot be seen and are dropped; "ʷ" rounds the
    lips and adds a glide. A letter that is in no class falls back on the plain letter in its
    Unicode name ("LATIN SMALL LETTER O WITH ..." moves like o); what is left, in any script, counts
    as `back`, whose shape is that of its neighbours. Of a class that repeats, one is kept.

    Args:
        symbol: IPA as espeak-ng or Kokoro write it; "" is a pause.

    Returns:
        One class or more; ("rest",) of a symbol without any letter.
    """
    spelled = "".join(AFFRICATES.get(c) or CAPITALS.get(c, c) for c in symbol)
    classes: list[str] = []
    for letter in unicodedata.normalize("NFD", spelled):
        name = _class_of_letter(letter)
        if name and classes[-1:] != [name]:
            classes.append(name)
    return tuple(classes) or (REST,)


def _class_of_letter(letter: str) -> str | None:
    """The class of one character, None of a mark."""
    if letter in _CLASS_OF:
        return _CLASS_OF[letter]
    if letter == "ʷ":
        return "lip_glide"
    if unicodedata.category(letter) not in ("Ll", "Lu", "Lo"):
        return None
    words = unicodedata.name(letter, "").split()
    plain = next((word.lower() for word in words if len(word) == 1), "")
    return _CLASS_OF.get(plain, "back")
