"""The SuiteCloud project of Tieout, run for real: V8, the N/* modules over the sandbox's own records, governance."""
