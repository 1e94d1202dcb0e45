"""MiniStack, whose Lambda starts fast and lets calls wait: `python -m local.ministack` in place of `ministack`.

MiniStack starts a Python interpreter for each worker, which costs a second of a processor, and refuses calls beyond a
limit, as AWS does at a thousand. A small machine reaches such a limit with the first few requests.

ministack
├── __main__   what of MiniStack is replaced
├── workers    workers that are forked from a template
├── template   the process they are forked from: what every function imports is imported there, once
└── slots      how many calls of a function run at once, and how long the others wait

A worker is otherwise MiniStack's own: it runs one function, in a process, an environment and a folder of its own, with
the layers that were deployed, under the credentials of the function's role.
"""
