//! The embedded cluster: find the server binaries, make the cluster, start it, stop it.
