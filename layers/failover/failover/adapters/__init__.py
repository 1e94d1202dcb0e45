"""The outside, each behind one small class: what it takes and gives are the rules' plain data."""
