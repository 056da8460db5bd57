//! A string of the file, taken apart: words, expressions, statements.

use std::ops::Range;

use minijinja::machinery::{Span, Token, ast, parse, parse_expr, tokenize};
use tidemill_common::limits::EXPRESSION_BYTES;

use super::environment::syntax;
use super::names::{Mistake, Names, Reading};

/// A part of a string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::domain::workflow) enum Piece {
    /// Words without expressions.
    Words(String),
    /// The source of an expression, without braces.
    Expression(String),
}

impl Piece {
    fn into_source(self) -> String {
        match self {
            Self::Words(source) | Self::Expression(source) => source,
        }
    }
}

/// A string of the file, checked and taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::domain::workflow) enum Parsed {
    /// Nothing to evaluate; the text without comments and with `{% raw %}` undone.
    Plain(String),
    /// Words and expressions.
    Pieces(Vec<Piece>),
    /// With statements, so that only the evaluator can render it whole.
    Statements,
}

/// More tokens than this would make the tree of an expression too deep to walk.
const MOST_TOKENS: usize = 2_000;

impl Parsed {
    /// Takes a string apart and reads its names into `reading`.
    pub(in crate::domain::workflow) fn string(source: &str, reading: &mut Reading) -> Result<Self, Mistake> {
        if !source.contains("{{") && !source.contains("{%") && !source.contains("{#") {
            return Ok(Self::Plain(source.to_owned()));
        }
        check_size(source)?;
        let (pieces, has_statements) = pieces(source)?;
        let tree = parse(source, "text", syntax()).map_err(|error| syntax_mistake(&error, source))?;
        Names::new(reading).statement(&tree)?;
        if has_statements {
            return Ok(Self::Statements);
        }
        if pieces.iter().any(|piece| matches!(piece, Piece::Expression(_))) {
            return Ok(Self::Pieces(pieces));
        }
        Ok(Self::Plain(pieces.into_iter().map(Piece::into_source).collect()))
    }

    /// Checks a bare expression and reads its names into `reading`.
    pub(in crate::domain::workflow) fn bare(source: &str, reading: &mut Reading) -> Result<(), Mistake> {
        check_size(source)?;
        if let Some(offset) = source.find("{{") {
            let mistake =
                Mistake::new(offset..offset + 2, "expression_syntax", "this is a bare expression; it stands without braces");
            return Err(mistake.hint("remove `{{` and `}}`"));
        }
        count_tokens(tokenize(source, true, syntax()).map(|token| token.map(|(_, span)| span)), source)?;
        let tree: ast::Expr<'_> = parse_expr(source).map_err(|error| syntax_mistake(&error, source))?;
        Names::new(reading).expression(&tree)
    }
}

fn check_size(source: &str) -> Result<(), Mistake> {
    if source.len() <= EXPRESSION_BYTES {
        return Ok(());
    }
    let message = format!("a text with expressions may have {EXPRESSION_BYTES} bytes; this one has {}", source.len());
    Err(Mistake::new(0..0, "expression_too_long", message))
}

/// What stands in the way of reading `source`, where it does.
fn syntax_mistake(error: &minijinja::Error, source: &str) -> Mistake {
    let range = error.range().unwrap_or(source.len()..source.len());
    let detail = error.detail().unwrap_or("this can't be read as an expression");
    Mistake::new(range, "expression_syntax", format!("the expression can't be read: {detail}"))
}

fn count_tokens(spans: impl Iterator<Item = Result<Span, minijinja::Error>>, source: &str) -> Result<(), Mistake> {
    for (count, span) in spans.enumerate() {
        let span = span.map_err(|error| syntax_mistake(&error, source))?;
        if count >= MOST_TOKENS {
            return Err(too_complex(&span));
        }
    }
    Ok(())
}

fn too_complex(span: &Span) -> Mistake {
    let message = format!("an expression may have {MOST_TOKENS} words and signs");
    Mistake::new(range(*span), "expression_too_long", message).hint("compute parts of it in steps of their own")
}

pub(super) fn range(span: Span) -> Range<usize> {
    span.start_offset as usize..span.end_offset as usize
}

/// The words and expressions of a string, and whether it has statements.
fn pieces(source: &str) -> Result<(Vec<Piece>, bool), Mistake> {
    let mut pieces = Vec::new();
    let mut has_statements = false;
    let mut opened = 0;
    for (count, token) in tokenize(source, false, syntax()).enumerate() {
        let (token, span) = token.map_err(|error| syntax_mistake(&error, source))?;
        if count >= MOST_TOKENS {
            return Err(too_complex(&span));
        }
        let Range { start, end } = range(span);
        match token {
            Token::TemplateData(words) => pieces.push(Piece::Words(words.to_owned())),
            Token::VariableStart => opened = end,
            Token::VariableEnd => {
                pieces.push(Piece::Expression(source.get(opened..start).unwrap_or_default().trim().to_owned()));
            }
            Token::BlockStart => has_statements = true,
            _ => {}
        }
    }
    Ok((pieces, has_statements))
}
