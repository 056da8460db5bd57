//! The only room that knows poem: one API struct per tag, webhooks, WebSockets, problems.
