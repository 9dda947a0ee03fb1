"""The training stack of the learned oracles: networks, collection, returns, losses, references."""
