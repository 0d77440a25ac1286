from .base import Größe

Ä = "日本"
__all__ = ["Größe"]
