//! Fans committed events out to subscribers.
