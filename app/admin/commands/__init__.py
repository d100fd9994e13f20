"""The commands of `tieout` that read and change an installation: the same actions as the admin API's."""
