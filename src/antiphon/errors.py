"""The one exception that is the user's to mend: a sentence that names the file or key and says what to do."""


class InputError(ValueError):
    """Bad input from outside (a file, an option, a config, a checkpoint); doors print it alone and exit with code 2."""
