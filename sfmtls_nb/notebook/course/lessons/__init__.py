"""The exercises of each lesson, a module a lesson: how it is seen that they were done."""
