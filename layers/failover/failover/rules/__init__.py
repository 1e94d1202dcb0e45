"""Pure functions over plain data. Times are whole milliseconds since the epoch (UTC) unless a name says otherwise.

The rooms, lowest first: timing; formats; channels, callers and pacing; receipts; sending; workflow; webhooks; requests.
Each imports only rooms before it.
"""
