"""Texts as LaTeX: ASCII that pdflatex takes, whatever the text, and nothing lost of what claims say."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import theorems
from tests.verify.views.test_notation import HOSTILE
from tests.verify.views.test_notation import texts as recorded
from verify.views.latex import escaped, latex, number, relation, typed

#: Commands of plain LaTeX and amsmath that may stand in a text or a formula.
ALLOWED = r"""
    le ge ne to tfrac infty surd int sum nabla langle rangle pm times cdot in approx partial otimes circ top
    succeq preceq ell mathbf tilde hat bar sqrt text operatorname backslash sim textbackslash textasciitilde
    textasciicircum textasciigrave textless textgreater textbar textquoteleft dots texttt allowbreak r v c
    cos det exp inf log max min sup sin alpha beta gamma delta epsilon zeta eta theta kappa lambda mu nu xi pi
    rho sigma tau phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega
"""
COMMANDS = frozenset(ALLOWED.split())


def assert_typesets(text):
    """What can be seen without LaTeX: ASCII, braces and dollars in pairs, scripts single, commands known."""
    assert text.isascii()
    assert text.isprintable()
    bare = re.sub(r"\\[^A-Za-z]", ".", text)
    assert bare.count("$") % 2 == 0
    depth = 0
    for sign in bare:
        depth += (sign == "{") - (sign == "}")
        assert depth >= 0, text
    assert depth == 0, text
    assert set(re.findall(r"\\([A-Za-z]+)", bare)) <= COMMANDS
    outside, inside = bare.split("$")[::2], bare.split("$")[1::2]
    for part in outside:  # what only a formula may have
        assert not re.search(r"[\^_&%#~]", part), text
    for part in inside:
        assert not re.search(r"[&%#~]|[\^_](?!\{)", part), text
        flat = part
        while re.search(r"\{[^{}]*\}", flat):  # groups, innermost first
            flat = re.sub(r"\{[^{}]*\}", "·", flat)
            assert not re.search(r"\^·(_·)?\^|_·(\^·)?_", flat), text


@pytest.mark.parametrize("name", theorems.BUILT_IN)
def test_every_claim_of_every_theorem_typesets(name):
    for claim in theorems.load(name).CLAIMS.claims:
        assert_typesets(latex(claim.text))


def test_every_quantity_message_and_note_on_record_typesets():
    for text in recorded():
        assert_typesets(latex(text))


@given(HOSTILE | st.text(max_size=60))
def test_whatever_comes_in_typesets(text):
    for made in (latex(text), escaped(text), typed(text)):
        assert_typesets(made)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("||r(t)||^2 <= exp(-lambda_0 t)", r"$\|r(t)\|^{2} \le \exp (-\lambda_{0} t)$"),
        ("lambda_min(G) >= 3/4 lambda_*", r"$\lambda_{\min}(G) \ge \tfrac34 \lambda_{*}$"),
        ("gamma~ < 1, dyhat/dt", r"$\tilde{\gamma} < 1,\; d\hat{y}/dt$"),
        ("rank Phi = sqrt(m)", r"$\operatorname{rank} \Phi = \sqrt{m}$"),
        ("<w, J^T c> with delta_bar", r"$\langle w,\; J^{T} c\rangle$ with $\bar{\delta}$"),
        ("L*_R of x^y^z", r"$L^{*}_{R}$ of ${x^{y}}^{z}$"),
        ("K = 1e5^2", r"$K = {1\cdot 10^{5}}^{2}$"),
        ("x_(a, ) and m_(k_, )", r"$x_{(a,\; )}$ and $m_{(k\_,\; )}$"),
        ("K of m = 1.2e-05", r"$K$ of $m = 1.2\cdot 10^{-5}$"),
        ("use --width 30, 100% of a & b", r"use -{}-width 30, 100\% of $a \& b$"),
        ("file_lambda.npz: é ‖ 𝔸", r"file\_lambda.npz: {\'e} $\|$ [U+1D538]"),
        ("m = Ω(n²), m ≥ √κ", r"$m = \Omega (n{}^{2}),\; m \ge \surd \kappa$"),
        ("the norm ‖x‖² of κ", r"the norm $\|x\|{}^{2}$ of $\kappa$"),
    ],
)
def test_mathematics_and_words(text, expected):
    assert latex(text) == expected


def test_numbers_relations_and_commands():
    assert [number(value) for value in (None, -1.23456e-15, 4.0, -0.0)] == [
        *("--", r"$-1.235\cdot 10^{-15}$", "$4$", "$0$"),
    ]
    assert [relation(sign) for sign in ("<=", ">=", "=")] == [r"$\le$", r"$\ge$", "$=$"]
    assert typed("verify --data a/b_c") == r"\texttt{verify -{}-data a/\allowbreak{}b\_c}"
