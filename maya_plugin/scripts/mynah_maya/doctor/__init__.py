"""Why a line does not come, show or sound as it should, and what helps."""
