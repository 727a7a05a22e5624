"""The implicit ReLU network: what the theorems about it share.

`ImplicitReLU` is told what tells one theorem's network from another's: gamma~, how the features come from
W x, and which parameters training moves. Parameters themselves tell whether there is a term v^T phi.
"""
