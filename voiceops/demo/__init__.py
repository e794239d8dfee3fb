"""The demo agency: well-known people with a well-known password, on `demo.<host>`. Nothing here touches another agency."""
