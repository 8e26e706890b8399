"""Espeak's names of sounds made plain IPA: stress apart, notation cleaned."""

# ruff: noqa: RUF001 - IPA is full of letters that look like others
# What espeak-ng writes where it leaves its own notation for IPA, by language; "" is any language.
_PLAIN = {
    "": {"g": "ɡ", "ᵻ": "ɨ", "s.": "ʂ", "z.": "ʐ", "ts.": "ʈʂ", "l^": "ʎ", "n^": "ɲ"},
    "ru": {"y": "ɨ"},
    "zh": {"χ": "x", "i.": "ɨ", "i[": "ɨ", "ts.h": "ʈʂʰ"}
    | {f"{stop}h": f"{stop}ʰ" for stop in ("p", "t", "k", "ts", "tɕ")},
}
_STRESS = {"ˈ": 1, "ˌ": 2}
_KEPT_MARKS = "ːʲʰ\u0303\u0329\u0361"


def clean(sound: str, language: str) -> tuple[str, int]:
    """The symbol of one of espeak's sounds, and its stress (0 none, 1 primary, 2 secondary).

    The symbol is "" for pauses and for notes such as "(en)", a change of language.
    """
    if sound.startswith("("):
        return "", 0
    stress = next((_STRESS[mark] for mark in sound if mark in _STRESS), 0)
    symbol = "".join(mark for mark in sound if mark not in _STRESS)
    for table in (_PLAIN.get(language, {}), _PLAIN[""]):
        symbol = table.get(symbol, symbol)
    return "".join(c for c in symbol if c.isalpha() or c in _KEPT_MARKS), stress
