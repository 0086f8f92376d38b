HIDDEN = ('/.git', '/.env')


def is_hidden(uri: str) -> bool:
    return uri.startswith(HIDDEN)
