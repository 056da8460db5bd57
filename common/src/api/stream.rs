//! Frames of the WebSockets `/api/executions/{id}/stream` and `/api/stream`: JSON text, one frame per message.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::execution::ExecutionView;
use crate::event::Event;
use crate::problem::Problem;

/// What the server sends.
///
/// An execution's stream sends `event`s in the order of `seq`; its cursor is the `seq`. The workspace feed sends
/// `event`s of all executions with a feed cursor; within one execution they come in the order of `seq`. Events that were written
/// together may come again after a reconnect within them: their `seq` says so.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "frame", rename_all = "snake_case")]
pub enum StreamFrame {
    /// Something happened.
    Event {
        /// Send it as `after` to go on behind this event.
        cursor: String,
        /// What happened.
        event: Event,
        /// The execution's row after this event (workspace feed, newest event of a batch only), so that lists need no request.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        execution: Option<ExecutionView>,
    },
    /// History is complete; what follows is live. Sent once.
    Live {
        /// Send it as `after` to go on from here.
        cursor: String,
    },
    /// Nothing happened for ten seconds; proves that the stream is alive and moves the cursor.
    Bookmark {
        /// Send it as `after` to go on from here.
        cursor: String,
        /// The server's clock.
        at: DateTime<Utc>,
    },
    /// The reader was too slow or the cursor is too old: connect again with `after`, or read the list anew when it is absent.
    Lagged {
        /// Where to go on, if the events are still there.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        after: Option<String>,
    },
    /// The execution has ended and all its events were sent; the server closes the stream.
    End,
    /// The stream can't go on; the server closes it.
    Error {
        /// Why.
        problem: Problem,
    },
}
