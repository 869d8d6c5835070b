"""Cunbao (村报): from the reports of villages, townships and counties to tidy tables of what they state."""
