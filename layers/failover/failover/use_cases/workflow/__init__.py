"""Change a workflow, end its race, repair it when it is overdue, settle it when it is over."""
