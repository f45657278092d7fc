"""A made-up survey of a made-up Galaxy, and whether it is like the real one."""
