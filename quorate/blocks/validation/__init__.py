"""What a peer decides about a block's transactions, decided again: pure functions over blocks and the state before."""
