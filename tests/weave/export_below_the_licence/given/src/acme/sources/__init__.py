# The licence.
# All of it.
