from .main import handler

__all__ = ['handler']
