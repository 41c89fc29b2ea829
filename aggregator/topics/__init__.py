"""The topic language: read, compile, match, explain. PURE: no file, no store, no clock."""
