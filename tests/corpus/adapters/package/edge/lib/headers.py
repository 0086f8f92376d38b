from collections.abc import MutableMapping


class Headers(MutableMapping):
    """A view of CloudFront's headers as one would like them to be."""

    def __init__(self, raw):
        self._raw = raw

    def __getitem__(self, name):
        return self._raw[name.lower()][0]['value']

    def __setitem__(self, name, value):
        self._raw[name.lower()] = [{'key': name, 'value': value}]

    def __delitem__(self, name):
        del self._raw[name.lower()]

    def __iter__(self):
        return iter(self._raw)

    def __len__(self):
        return len(self._raw)
