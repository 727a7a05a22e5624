"""ASCII mathematics as Unicode and as HTML: nothing lost, nothing invented, whatever the text."""

import re
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html as lxml_html

from theorems import REFERENCES, gao_2022
from theorems.kawaguchi_2021 import linear_rate, trust_region_newton
from verify.records.regression import read_reference
from verify.views.notation import GREEK, LOWERED, RAISED, SIGNS, markup, unicode

THEOREMS = (linear_rate, gao_2022, trust_region_newton)

SYMBOLS = {
    **{symbol: name for name, symbol in GREEK.items()},
    **{symbol: sign for sign, symbol in SIGNS.items()},
    **{high: low.replace("−", "-") for low, high in [*RAISED.items(), *LOWERED.items()]},
    **{"∫": "int", "∑": "sum", "∇": "grad ", "∞": "inf", "√": "sqrt ", "⟨": "<", "⟩": ">", "−": "-"},
    **{"∗": "*", "\N{COMBINING TILDE}": "~", "\N{COMBINING CIRCUMFLEX ACCENT}": "hat"},
    "\N{COMBINING MACRON}": "_bar",
}


def texts():
    """Every claim and every quantity of the three theorems, as accepted runs have them."""
    found = [claim.text for theorem in THEOREMS for claim in theorem.CLAIMS.claims]
    for preset in ("quick", "standard"):
        for run in read_reference(REFERENCES, preset).theorems:
            found += [check.quantity for claim in run.claims for check in claim.checks]
            found += [check.message for claim in run.claims for check in claim.checks]
            found += [*run.rates, *run.notes]
    return list(dict.fromkeys(found))


def essence(text):
    """Names, numbers and signs in order, whatever groups or raises them."""
    parts = (SYMBOLS.get(sign, sign) for sign in unicodedata.normalize("NFD", text))
    return re.sub(r"[\s(){}^_]", "", "".join(parts))


@pytest.mark.parametrize("text", texts())
def test_nothing_is_lost(text):
    assert essence(unicode(text)) == essence(text)
    page = lxml_html.fragment_fromstring(f"<p>{markup(text)}</p>")
    assert essence(page.text_content()) == essence(text)


def test_the_texts_are_those_of_all_theorems():
    assert len(texts()) > 150
    assert not any(re.search(r"\|\||[<>]=|lambda|gamma|sqrt", unicode(text)) for text in texts())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("||r(t)||^2 <= exp(-lambda_0 t) ||r(0)||^2", "‖r(t)‖² ≤ exp(−λ₀ t) ‖r(0)‖²"),
        ("lambda_min(G(0)) >= 3/4 lambda_0", "λ_min(G(0)) ≥ ¾ λ₀"),
        ("1/2 ||grad L_0||^2 / (L_0 - L*)", "½ ‖∇L₀‖² / (L₀ − L*)"),
        ("m >= n^2/lambda_*^2", "m ≥ n²/λ_*²"),
        ("log E(0)/E(t) vs int ||grad L||^2/E", "log E(0)/E(t) vs ∫ ‖∇L‖²/E"),
        ("gamma~ ||A(t)|| < 1", "γ̃ ‖A(t)‖ < 1"),
        ("dyhat/dt = -H r", "dŷ/dt = −H r"),
        ("vec(G)^T D vec(G)", "vec(G)ᵀ D vec(G)"),
        ("||z^(l+1) - z^(l-1)||", "‖z⁽ˡ⁺¹⁾ − z⁽ˡ⁻¹⁾‖"),
        ("m^(-1/2)", "m^(−1/2)"),
        ("U^{-1} rho^{2k} delta_bar Phi sigma_min", "U⁻¹ ρ²ᵏ δ̄ Φ σ_min"),
        ("(1 - alpha lambda_0/2)^k", "(1 − α λ₀/2)ᵏ"),
        ("2 c sqrt(m)", "2 c √m"),
        ("(8 c sqrt(n)/lambda_0)", "(8 c √(n)/λ₀)"),  # not the root of n/λ₀
        ("sqrt(m + 1)", "√(m + 1)"),
        ("<w, J^T c>", "⟨w, Jᵀ c⟩"),
        ("e^{-2 kappa t}", "e^(−2 κ t)"),
        ("||G^inf||_F", "‖G^∞‖_F"),
    ],
)
def test_mathematics(text, expected):
    assert unicode(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "an int value, print the sum in rank order at what that a-priori hat does",
        "all-ones, trust-region; the loss's digits: 1e-05 and 5.8e-06",
        "tighten --tolerance or --gamma, see G-L3.5.ii of right_hand_sides in file_lambda.npz",
        "a step, a factor, 44 of 64 pixels, 21/2 and 1/25",
        "2021, Theorem 1 and its corollaries; C:\\dir and /tmp/x",
    ],
)
def test_words_options_and_names_stay(text):
    assert unicode(text) == text


def test_markup_is_typeset():
    assert markup("lambda_min(G) >= sqrt(m) L*") == (
        '<span class="math"><i>λ</i><sub>min</sub>(<i>G</i>) ≥ '
        '<span class="root">√<span class="radicand"><i>m</i></span></span> <i>L</i><sup>∗</sup></span>'
    )
    assert (
        markup("a gain of 2, for a <= b") == 'a gain of 2, for <span class="math"><i>a</i> ≤ <i>b</i></span>'
    )
    assert markup(
        "right_hand_sides of the loss's A ReLU"
    ) == "right_hand_sides of the loss&#39;s <b>".replace("<b>", '<span class="math"><i>A</i></span> ReLU')
    assert markup("A flow slides") == "A flow slides"
    assert markup("m^(-1/2)") == '<span class="math"><i>m</i><sup>−1/2</sup></span>'


HOSTILE = st.text("ab_^{}()<>|&\"'*~-=/12 \\$\n\x00é") | st.sampled_from(
    ["<script>alert(1)</script>", "x^<b>", "sqrt(<img src=x onerror=y>)", "a_<i>", "<a href=x, b>", "&lt;"]
)


@given(HOSTILE)
def test_hostile_text_is_only_text(text):
    assert essence(unicode(text)) == essence(text)
    made = str(markup(text))
    assert set(re.findall(r"<[^>]*>", made)) <= {
        *("<i>", "</i>", "<sub>", "</sub>", "<sup>", "</sup>", "</span>"),
        *('<span class="math">', '<span class="root">', '<span class="radicand">'),
    }
    assert "<" not in re.sub(r"<[^<>]*>", "", made)


@pytest.mark.parametrize("part", ["sqrt(", "x^(", "x_{", "<a,", "||", "^", "a_", "-", "(", "gamma~"])
def test_long_and_deep_text_takes_no_time(part):
    began = time.perf_counter()
    unicode(part * 5000)
    markup(part * 5000)
    assert time.perf_counter() - began < 5
