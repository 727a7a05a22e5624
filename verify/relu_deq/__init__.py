"""The implicit ReLU network: what the theorems about it share.

`ImplicitReLU` is given what differs between theorems: gamma~, how the features come from W x, and which
parameters training moves. Whether there is a term v^T phi is seen from the parameters.
"""
