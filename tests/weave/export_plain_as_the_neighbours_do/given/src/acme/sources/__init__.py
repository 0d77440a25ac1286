from .base import Source
