"""Pure functions over plain data. Times are whole milliseconds since the epoch (UTC) unless a name says otherwise.

The rooms, lowest first: timing; formats; channels and callers; receipts; sending; workflow; webhooks; requests. Each
imports only rooms before it.
"""
