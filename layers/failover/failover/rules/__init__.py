"""Pure functions over plain data. Times are whole milliseconds since the epoch, UTC."""
