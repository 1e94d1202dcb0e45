"""The CloudWatch dashboard of a stack: `make generate` writes it into template.yaml.

`workflows.py` and `services.py` say what each row shows, `widgets.py` how CloudWatch wants it, `body.py` puts them
together. Names of resources are references of CloudFormation's `Fn::Sub`, such as `${Table}`, also inside a widget.
"""
