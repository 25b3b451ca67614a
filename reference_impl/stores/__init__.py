"""The stores of the resources beside instances: every question to the database about them and every change."""
