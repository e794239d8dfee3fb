"""The API's ground: errors, paging, who is asking; and the resources of this room."""
