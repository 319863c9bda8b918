"""The drills: incidents whose cause is planted at a practice org of their own, to be found by the evidence."""
