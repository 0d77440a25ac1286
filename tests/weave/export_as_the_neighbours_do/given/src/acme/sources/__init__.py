from .base import Source as Source
