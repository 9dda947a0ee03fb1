"""How strong and how exploitable a policy is; making, grading and shipping agents."""
