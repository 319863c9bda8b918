"""The course: lessons, exercises, progress and glossary."""
