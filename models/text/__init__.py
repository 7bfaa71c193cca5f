"""Texts of posts read by models: embedding, themes, language, places."""
