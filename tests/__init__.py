"""Tests: one file a module, each test's docstring the sentence that it proves."""
