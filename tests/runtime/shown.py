"""What a traceback or a log shows of an error."""


def everything_shown(error: BaseException | None) -> str:
    """Return all that a traceback shows of an error, without lines of source code."""
    if error is None:
        return ""
    notes = getattr(error, "__notes__", [])
    context = None if error.__suppress_context__ else error.__context__
    return (
        f"{error} {error!r} {notes}"
        f"{everything_shown(error.__cause__)}{everything_shown(context)}"
    )
