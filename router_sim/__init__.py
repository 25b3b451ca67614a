"""A RouterOS management plane: API, menus, journal, virtual clock."""
