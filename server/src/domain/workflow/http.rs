//! What an `http.request` step does, as the plan knows it.

use super::expression::{Expression, Template};

/// An `http.request` step.
#[derive(Debug)]
pub struct HttpWork {
    /// Renders to the request: an object with `url`; perhaps `method`, `headers` and `query` (objects of scalars or lists of
    /// scalars), one of `body` (text), `json` (anything), `form` (object of scalars), `multipart` (object) and `file` (object),
    /// `auth`, `follow_redirects`, `fail_on_status` (truths). What expressions gave has not been checked for its type.
    pub request: Template,
    /// What becomes of the answer's body.
    pub response: ResponseForm,
    /// Asked of every answer: whether it is a success. Without it the status decides.
    pub success_if: Option<Expression>,
    /// How the next page is found, when all pages are wanted.
    pub pagination: Option<Pagination>,
}

/// What becomes of the body of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseForm {
    /// JSON when it says so, else text, else base64.
    Auto,
    /// JSON, whatever it says; anything else is a failure.
    Json,
    /// Text, also when it says JSON.
    Text,
    /// Base64, with a name and a size.
    File,
}

impl ResponseForm {
    /// The words behind `response`.
    pub const WORDS: [&'static str; 4] = ["auto", "json", "text", "file"];

    /// The form with this word.
    pub fn from_word(word: &str) -> Self {
        match word {
            "json" => Self::Json,
            "text" => Self::Text,
            "file" => Self::File,
            _ => Self::Auto,
        }
    }
}

/// How the pages of a long answer are read.
#[derive(Debug)]
pub struct Pagination {
    /// How the next page is found.
    pub next: NextPage,
    /// Where in an answer its items are; the body itself when absent.
    pub items: Option<Expression>,
    /// Most pages that are read.
    pub max_pages: u32,
}

/// How the next page is found.
#[derive(Debug)]
pub enum NextPage {
    /// By the header `Link` with `rel="next"` (RFC 8288).
    Link,
    /// By a URL in the answer.
    Url(Expression),
    /// By a cursor in the answer, which goes into a query parameter.
    Cursor {
        /// The parameter.
        parameter: String,
        /// Where the cursor is.
        cursor: Expression,
    },
    /// By counting: pages, or items that were passed.
    Count {
        /// The parameter.
        parameter: String,
        /// Its first value.
        start: u32,
        /// Whether it counts items instead of pages.
        by_items: bool,
        /// How many items a full page has: one with fewer is the last.
        size: Option<u32>,
        /// The parameter that asks for pages of this size.
        size_parameter: Option<String>,
    },
}
