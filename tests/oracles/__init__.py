"""Second, independent implementations the real ones are compared with. Slow and plain on purpose."""
