"""MiniStack with workers that start fast and calls that wait for a worker: `python -m local.ministack`.

MiniStack starts a Python interpreter for each worker, which takes a second of CPU time, and refuses calls above a
limit, as AWS does at a thousand. A small machine reaches such a limit within the first few requests.

ministack
├── __main__   replaces the parts of MiniStack
├── workers    workers that are forked from a template process
├── template   the template process, which has imported what every function imports
├── raised     exceptions of functions, which keep their type
├── slots      how many calls of a function run at once, and how long others wait
├── machines   versions and aliases of state machines
└── stacks     which stacks can be deployed

Otherwise a worker is MiniStack's own: it runs one function, in a process, environment and folder of its own, with the
deployed layers, and with the credentials of the function's role.
"""
