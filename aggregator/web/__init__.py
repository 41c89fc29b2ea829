"""What readers see: pages and feeds over HTTP."""
