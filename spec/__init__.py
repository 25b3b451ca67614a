"""The contract as data: OpenAPI document, requirement catalogue, device contract, and their one loader."""
