"""The suite: pytest tests that judge a deployment. Run by `portal-contract run`, or by pytest with the plugin."""
