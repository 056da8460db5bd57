//! Loops that run beside requests: schedules, sweeps, partitions.
