"""Execution environments: real processes of Node.js and Python, one per environment, as on Lambda. See registry.py."""

from edgesim.runtimes.deployed import EnvironmentStatus, FunctionStatus, ServiceStatus
from edgesim.runtimes.inline import InlineRuntime
from edgesim.runtimes.interpreters import Language
from edgesim.runtimes.registry import LambdaService
from edgesim.runtimes.settings import Settings
from edgesim.runtimes.telling import functions_as_data

__all__ = [
    "EnvironmentStatus",
    "FunctionStatus",
    "InlineRuntime",
    "LambdaService",
    "Language",
    "ServiceStatus",
    "Settings",
    "functions_as_data",
]
