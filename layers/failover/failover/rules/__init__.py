"""Pure functions over plain data. Times are whole milliseconds since the epoch (UTC) unless a name says otherwise.

The packages build on each other, lowest first: formats and timing; channels and callers; receipts; sending; workflow;
webhooks; requests. Each imports only those before it.
"""
