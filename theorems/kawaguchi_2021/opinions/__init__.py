"""Second opinions: every constant and error term of the engine, by a way that shares nothing with it.

Each is a law, which no setting changes: small problems whose answer an independent solver, a closed form or
a dense matrix gives.
"""
