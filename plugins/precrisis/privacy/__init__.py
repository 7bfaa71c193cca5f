"""Attacks on what is published, measured: the three criteria of the Article 29 Working Party.

Opinion 05/2014 (WP 216) calls data anonymous only when nobody can be singled out, linked across
records, or have something inferred of them. Idea of measuring by attack: M. Giomi et al., "A
unified framework for quantifying privacy risk in synthetic data" (PoPETs 2023); the attacks are
our own, made for tables of counts.
"""
