//! How far loading something has come.

use chrono::{DateTime, Utc};

use crate::app::event::Failure;

/// The state of something that is read from the server.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Load {
    /// Not asked for yet.
    #[default]
    Idle,
    /// Asked for, and when.
    Loading(DateTime<Utc>),
    /// Here.
    Ready,
    /// It could not be read.
    Failed(Failure),
}

impl Load {
    /// Begins to load, keeping what is already there in view.
    pub fn begin(&mut self, now: DateTime<Utc>) {
        if *self != Self::Ready {
            *self = Self::Loading(now);
        }
    }

    /// Notes the outcome; an error hides nothing that was read before.
    pub fn end<T>(&mut self, result: Result<T, Failure>) -> Option<T> {
        match result {
            Ok(value) => {
                *self = Self::Ready;
                Some(value)
            }
            Err(failure) => {
                if *self != Self::Ready {
                    *self = Self::Failed(failure);
                }
                None
            }
        }
    }
}
