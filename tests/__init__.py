"""Read in this order: unit, functions, statemachine, template, properties, e2e, and lives last."""
