"""Views: values of the core as HTML and text."""
