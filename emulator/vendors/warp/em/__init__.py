"""The WARP Energy Manager: a box of its own that manages a WARP Charger and switches its phases with a contactor."""
