"""Documents of the API: schemas, rows, and the registry that every interface reads."""
