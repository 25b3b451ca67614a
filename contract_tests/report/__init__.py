"""Everything a run prints and writes: terminal, JSON, HTML, JUnit, HAR, and the comparison of two runs.

Each module turns a `RunInfo` and a `RunResult` into one format and does nothing else; `write` puts the files
on disk. Nothing here judges: the verdicts come from `contract_tests.verdicts`.
"""
