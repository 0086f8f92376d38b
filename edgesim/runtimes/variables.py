"""What a function finds in its environment variables and its context. Source: Lambda's guide, configuration-envvars.

Nothing of edgesim's own environment is in there. LAMBDA_TASK_ROOT is also the working directory; without a sandbox it
is the snapshot of the code.
"""

from __future__ import annotations

from edgesim.distribution.model import EdgeFunction
from edgesim.runtimes.interpreters import Language, RuntimeName

# observed: every region runs the function under its home region's name
_EDGE_NAME = "us-east-1.{name}"

# Placeholders: signing works with them and AWS refuses the call. inferred: better than the SDK's search for others
_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "ASIAEDGESIMLOCAL0000",
    "AWS_ACCESS_KEY": "ASIAEDGESIMLOCAL0000",
    "AWS_SECRET_ACCESS_KEY": "edgesim-has-no-credentials",
    "AWS_SECRET_KEY": "edgesim-has-no-credentials",
    "AWS_SESSION_TOKEN": "edgesim-has-no-credentials",
}

_FIXED = {
    **_CREDENTIALS,
    "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
    "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001",
    "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
    "AWS_XRAY_DAEMON_ADDRESS": "169.254.79.129:2000",
    "HOME": "/home/sbx_user1051",
    "LAMBDA_RUNTIME_DIR": "/var/runtime",
    "LANG": "en_US.UTF-8",
    "LD_LIBRARY_PATH": "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib",
    "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
    "SHLVL": "0",
    "TZ": ":UTC",
}


def edge_name(function: EdgeFunction) -> str:
    return _EDGE_NAME.format(name=function.name)


def log_group(function: EdgeFunction) -> str:
    return f"/aws/lambda/{edge_name(function)}"


def variables(function: EdgeFunction, runtime: RuntimeName, root: str, region: str, log_stream: str) -> dict[str, str]:
    """A function's environment variables."""
    of_language = _NODE if runtime.language is Language.NODE else _PYTHON
    return {
        **_FIXED,
        **{name: value.format(major=runtime.wanted[0], root=root) for name, value in of_language.items()},
        "_HANDLER": function.handler,
        "AWS_DEFAULT_REGION": region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_FUNCTION_NAME": edge_name(function),
        "AWS_LAMBDA_FUNCTION_VERSION": function.version,
        "AWS_LAMBDA_LOG_GROUP_NAME": log_group(function),
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_REGION": region,
        "LAMBDA_TASK_ROOT": root,
        "PWD": root,
    }


_NODE = {
    "NODE_PATH": "/opt/nodejs/node{major}/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules:"
    "/var/runtime:{root}"
}
_PYTHON = {"PYTHONPATH": "/var/runtime"}


def context_fields(function: EdgeFunction, region: str, log_stream: str) -> dict[str, str]:
    """The constant part of a context, under the names of Node.js."""
    return {
        "functionName": edge_name(function),
        "functionVersion": function.version,
        # observed in traces: the executing region's ARN
        "invokedFunctionArn": f"arn:aws:lambda:{region}:{function.account}:function:{edge_name(function)}:"
        f"{function.version}",
        "memoryLimitInMB": str(function.memory),
        "logGroupName": log_group(function),
        "logStreamName": log_stream,
    }
