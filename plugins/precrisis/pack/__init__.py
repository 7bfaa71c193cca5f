"""The entries of a city pack as typed objects; `precrisis.city` puts them together."""
