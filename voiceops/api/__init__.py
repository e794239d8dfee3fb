"""The API's front: addresses, schema and the page that explains them."""
