//! Who may advance an execution: claims, leases, heartbeats of nodes.
