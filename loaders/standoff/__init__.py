"""Annotated text corpora as code: schema, Label Studio round trip, validation, releases."""
