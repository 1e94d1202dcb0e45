"""The CloudWatch dashboard of a stack: `make generate` writes it into template.yaml.

`rows.py` says what each row shows, `widgets.py` how CloudWatch wants it, `body.py` puts both together. Names of
resources are references of CloudFormation's `Fn::Sub`, such as `${Table}`, also inside a widget.
"""
