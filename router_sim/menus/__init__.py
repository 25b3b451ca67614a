"""Tables of the menus the router serves: one module per part of the tree, data only."""
