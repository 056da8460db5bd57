//! What an expression reads, and what it may not use.

use std::ops::Range;

use minijinja::machinery::ast;
use minijinja::machinery::ast::{CallArg, CallType, Expr, ForLoop, Spanned, Stmt};

use super::environment::{CALLABLE, FILTERS, STATUS_FUNCTIONS, TESTS};
use super::text::range;
use crate::domain::workflow::document::{Found, nearest};

/// Something that is wrong inside a string, at these bytes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::domain::workflow) struct Mistake {
    pub range: Range<usize>,
    pub found: Found,
}

impl Mistake {
    pub(super) fn new(range: Range<usize>, code: &'static str, message: impl Into<String>) -> Self {
        Self { range, found: Found::new(code, message) }
    }

    pub(super) fn hint(mut self, suggestion: impl Into<String>) -> Self {
        self.found = self.found.hint(suggestion);
        self
    }
}

/// A name of the scope that an expression reads: `steps.total.output` is the root `steps` and two fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::domain::workflow) struct Mention {
    pub offset: usize,
    pub root: String,
    /// The fields below it as far as they are written out.
    pub fields: Vec<String>,
}

/// A call of `always()` or `failed()`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::domain::workflow) struct StatusCall {
    pub offset: usize,
    pub name: String,
}

/// Everything that the expressions of one string read, and what is wrong with them.
#[derive(Debug, Default)]
pub(in crate::domain::workflow) struct Reading {
    pub mentions: Vec<Mention>,
    /// The status functions that they call.
    pub status_calls: Vec<StatusCall>,
    pub mistakes: Vec<Mistake>,
}

/// Walks the tree of an expression.
pub(super) struct Names<'r> {
    reading: &'r mut Reading,
    locals: Vec<String>,
}

type Walked = Result<(), Mistake>;

impl<'r> Names<'r> {
    pub(super) fn new(reading: &'r mut Reading) -> Self {
        Self { reading, locals: Vec::new() }
    }

    pub(super) fn statement(&mut self, statement: &Stmt<'_>) -> Walked {
        match statement {
            Stmt::Template(template) => self.statements(&template.children),
            Stmt::EmitRaw(_) => Ok(()),
            Stmt::EmitExpr(emitted) => self.expression(&emitted.expr),
            Stmt::IfCond(condition) => {
                self.expression(&condition.expr)?;
                self.statements(&condition.true_body)?;
                self.statements(&condition.false_body)
            }
            Stmt::ForLoop(repeated) => self.repeated(repeated),
            Stmt::WithBlock(node) => Err(statement_mistake(node, "with")),
            Stmt::Set(node) => Err(statement_mistake(node, "set")),
            Stmt::SetBlock(node) => Err(statement_mistake(node, "set")),
            Stmt::AutoEscape(node) => Err(statement_mistake(node, "autoescape")),
            Stmt::FilterBlock(node) => Err(statement_mistake(node, "filter")),
            Stmt::Do(node) => Err(statement_mistake(node, "do")),
        }
    }

    fn statements(&mut self, statements: &[Stmt<'_>]) -> Walked {
        statements.iter().try_for_each(|statement| self.statement(statement))
    }

    fn repeated(&mut self, repeated: &Spanned<ForLoop<'_>>) -> Walked {
        if repeated.recursive {
            return Err(statement_mistake(repeated, "for … recursive"));
        }
        self.expression(&repeated.iter)?;
        let outside = self.locals.len();
        self.bind(&repeated.target)?;
        self.locals.push("loop".to_owned());
        repeated.filter_expr.iter().try_for_each(|filter| self.expression(filter))?;
        self.statements(&repeated.body)?;
        self.locals.truncate(outside);
        self.statements(&repeated.else_body)
    }

    /// Makes the names of a loop's target known.
    fn bind(&mut self, target: &Expr<'_>) -> Walked {
        match target {
            Expr::Var(name) => self.locals.push(name.id.to_owned()),
            Expr::List(list) => list.items.iter().try_for_each(|item| self.bind(item))?,
            Expr::Tuple(tuple) => tuple.items.iter().try_for_each(|item| self.bind(item))?,
            other => return Err(Mistake::new(range(other.span()), "expression_syntax", "a loop needs a name here")),
        }
        Ok(())
    }

    pub(super) fn expression(&mut self, expression: &Expr<'_>) -> Walked {
        if let Some(mention) = mention(expression) {
            self.mentioned(mention);
            return Ok(());
        }
        match expression {
            Expr::Var(_) | Expr::Const(_) => Ok(()),
            Expr::Slice(slice) => {
                self.expression(&slice.expr)?;
                [&slice.start, &slice.stop, &slice.step].into_iter().flatten().try_for_each(|bound| self.expression(bound))
            }
            Expr::UnaryOp(operation) => self.expression(&operation.expr),
            Expr::BinOp(operation) => {
                self.expression(&operation.left)?;
                self.expression(&operation.right)
            }
            Expr::Compare(comparison) => {
                self.expression(&comparison.expr)?;
                comparison.ops.iter().try_for_each(|operation| self.expression(&operation.expr))
            }
            Expr::IfExpr(choice) => {
                self.expression(&choice.test_expr)?;
                self.expression(&choice.true_expr)?;
                choice.false_expr.iter().try_for_each(|other| self.expression(other))
            }
            Expr::Filter(filter) => {
                self.known("unknown_filter", "filter", filter.name, filter.span(), &FILTERS);
                filter.expr.iter().try_for_each(|input| self.expression(input))?;
                self.arguments(&filter.args)
            }
            Expr::Test(test) => {
                self.known("unknown_test", "test", test.name, test.span(), &TESTS);
                self.expression(&test.expr)?;
                self.arguments(&test.args)
            }
            Expr::GetAttr(lookup) => self.expression(&lookup.expr),
            Expr::GetItem(lookup) => {
                self.expression(&lookup.expr)?;
                self.expression(&lookup.subscript_expr)
            }
            Expr::Call(call) => self.call(call),
            Expr::List(list) => list.items.iter().try_for_each(|item| self.expression(item)),
            Expr::Tuple(tuple) => tuple.items.iter().try_for_each(|item| self.expression(item)),
            Expr::Map(map) => map.keys.iter().chain(&map.values).try_for_each(|part| self.expression(part)),
        }
    }

    fn call(&mut self, call: &Spanned<ast::Call<'_>>) -> Walked {
        match call.identify_call() {
            CallType::Function(name) if STATUS_FUNCTIONS.contains(&name) => self.status_call(name, call)?,
            CallType::Function(name) => self.known("unknown_function", "function", name, call.span(), &CALLABLE),
            CallType::Method(object, name) => {
                let message = format!("`{name}` can't be called; values have no methods here");
                let mistake = Mistake::new(range(call.span()), "unknown_function", message);
                self.reading
                    .mistakes
                    .push(mistake.hint(format!("use a filter: `… | {}`", nearest(name, FILTERS).unwrap_or("upper"))));
                self.expression(object)?;
            }
            CallType::Object(object) => self.expression(object)?,
        }
        self.arguments(&call.args)
    }

    fn status_call(&mut self, name: &str, call: &Spanned<ast::Call<'_>>) -> Walked {
        let range = range(call.span());
        if !call.args.is_empty() {
            return Err(Mistake::new(range, "expression_syntax", format!("`{name}()` takes no arguments")));
        }
        self.reading.status_calls.push(StatusCall { offset: range.start, name: name.to_owned() });
        Ok(())
    }

    fn arguments(&mut self, arguments: &[CallArg<'_>]) -> Walked {
        arguments.iter().try_for_each(|argument| match argument {
            CallArg::Pos(value) | CallArg::Kwarg(_, value) | CallArg::PosSplat(value) | CallArg::KwargSplat(value) => {
                self.expression(value)
            }
        })
    }

    fn known(&mut self, code: &'static str, kind: &str, name: &str, span: minijinja::machinery::Span, names: &[&'static str]) {
        if !names.contains(&name) {
            let mut mistake = Mistake::new(range(span), code, format!("there is no {kind} `{name}`"));
            mistake.found =
                mistake.found.hint(format!("available: {}", names.join(", "))).meant(nearest(name, names.iter().copied()));
            self.reading.mistakes.push(mistake);
        }
    }

    fn mentioned(&mut self, mention: Mention) {
        if !self.locals.contains(&mention.root) {
            self.reading.mentions.push(mention);
        }
    }
}

fn statement_mistake<T>(node: &Spanned<T>, name: &str) -> Mistake {
    let message = format!("`{{% {name} %}}` can't be used here");
    Mistake::new(range(node.span()), "unknown_statement", message).hint("use {% if %}, {% for %} and {{ … }}")
}

/// The name that a chain of lookups starts with, and its fields; nothing if it starts with something else.
fn mention(expression: &Expr<'_>) -> Option<Mention> {
    let mut fields = Vec::new();
    let mut at = expression;
    loop {
        match at {
            Expr::Var(name) => {
                fields.reverse();
                return Some(Mention { offset: range(name.span()).start, root: name.id.to_owned(), fields });
            }
            Expr::GetAttr(lookup) => {
                fields.push(lookup.name.to_owned());
                at = &lookup.expr;
            }
            Expr::GetItem(lookup) => {
                let Expr::Const(constant) = &lookup.subscript_expr else { return None };
                fields.push(constant.value.as_str().map_or_else(|| constant.value.to_string(), str::to_owned));
                at = &lookup.expr;
            }
            _ => return None,
        }
    }
}

/// The names of an expression that does nothing but look something up by name: `trigger.body.qty`.
pub(super) fn path(expression: &Expr<'_>) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut at = expression;
    loop {
        match at {
            Expr::Var(name) => {
                names.push(name.id.to_owned());
                names.reverse();
                return Some(names);
            }
            Expr::GetAttr(lookup) => {
                names.push(lookup.name.to_owned());
                at = &lookup.expr;
            }
            _ => return None,
        }
    }
}
