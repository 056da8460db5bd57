//! What arrives: webhook deliveries, schedules, manual starts.
