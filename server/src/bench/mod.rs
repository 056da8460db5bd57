//! `tidemill bench`: drives a server and measures what Postgres itself can do in the same run.
