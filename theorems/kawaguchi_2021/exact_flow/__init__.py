"""The gradient flow of the deep equilibrium linear model under the square loss, enclosed by balls.

Needs python-flint; loaded only where a certificate is asked for. How a path is enclosed in general is in
`verify.certificates.tube`; here are the model's series (`expansion`), their majorants (`majorants`), the
negative curvature of L (`curvature`) and the smallest eigenvalue of D along a piece (`spectrum`).
"""
