"""Find the workflows of a recipient and erase what they hold of it, with a proof."""
