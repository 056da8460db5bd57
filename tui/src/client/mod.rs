//! HTTP and WebSocket client of the API.
