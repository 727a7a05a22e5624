"""The papers that the theorems and figures are from, each once."""

from __future__ import annotations

from verify.theorem.bibliography import Reference

KAWAGUCHI_2021 = Reference(
    key="kawaguchi2021",
    title="On the Theory of Implicit Deep Learning: Global Convergence with Implicit Layers",
    authors=("Kawaguchi, Kenji",),
    year=2021,
    booktitle="International Conference on Learning Representations",
    arxiv="2102.07346",
)

GAO_2022 = Reference(
    key="gao2022",
    title="A global convergence theory for deep ReLU implicit networks via over-parameterization",
    authors=("Gao, Tianxiang", "Liu, Hailiang", "Liu, Jia", "Rajan, Hridesh", "Gao, Hongyang"),
    year=2022,
    booktitle="International Conference on Learning Representations",
    arxiv="2110.05645",
)

LING_2023 = Reference(
    key="ling2023",
    title="Global Convergence of Over-parameterized Deep Equilibrium Models",
    authors=("Ling, Zenan", "Xie, Xingyu", "Wang, Qiuhao", "Zhang, Zongpeng", "Lin, Zhouchen"),
    year=2023,
    booktitle="Proceedings of The 26th International Conference on Artificial Intelligence and Statistics",
    series="Proceedings of Machine Learning Research",
    volume="206",
    pages="767--787",
    arxiv="2205.13814",
    url="https://proceedings.mlr.press/v206/ling23a.html",
)

DANDAPANTHULA_2025 = Reference(
    key="dandapanthula2025",
    title="Gradient flow for deep equilibrium single-index models",
    authors=("Dandapanthula, Sanjit", "Ramdas, Aaditya"),
    year=2025,
    arxiv="2511.16976",
)
