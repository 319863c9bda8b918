"""The exercises of each lesson and their checks, a module a lesson."""
