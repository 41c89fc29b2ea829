"""The wire: strangers' bytes into words, and words back into bytes. No database, no topics, no clock."""
