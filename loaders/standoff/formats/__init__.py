"""Forms in which annotations come from elsewhere or go there: each a module with two functions."""
