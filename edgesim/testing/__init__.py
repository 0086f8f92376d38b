"""For tests of edgesim, and for tests that use it: makers of values, hypothesis strategies, fakes of every port."""
