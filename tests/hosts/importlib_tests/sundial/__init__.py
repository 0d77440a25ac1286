from sundial.shadow import *  # noqa: F403
