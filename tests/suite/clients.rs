//! Generated clients and schemathesis against a live server.
