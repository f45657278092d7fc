"""The one exception that means "the user can fix this"."""


class UserError(Exception):
    """A mistake in a file, a column, a key or a flag that the user can put right.

    The message is one line: what is wrong, where, and what to do. Scripts print it and exit with
    status 2; any other exception is a bug of ours and keeps its traceback.
    """
