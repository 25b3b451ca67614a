"""What a router does by itself about the items of its menus, a module for each subject."""
