//! Long SQL as one prepared statement that the connection keeps.
//!
//! `diesel::sql_query` is parsed and planned anew at each call. A [`Statement`] is cached by its text, which matters where a
//! statement runs thousands of times a second.

use std::marker::PhantomData;

use diesel::pg::{Pg, PgConnection};
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{HasSqlType, Untyped};
use diesel::{QueryResult, RunQueryDsl};

/// SQL with `$1`, `$2` … each used once and in this order, and the values for them.
pub struct Statement<'a> {
    sql: &'static str,
    /// Each value with the SQL before it: cut once here, since diesel walks over a query several times.
    binds: Vec<(&'static str, Box<dyn Bind + 'a>)>,
    /// The SQL behind the last value; nothing when a placeholder is not in its place.
    rest: Option<&'static str>,
}

trait Bind {
    fn push<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()>;
}

struct Typed<T, V> {
    value: V,
    sql_type: PhantomData<T>,
}

impl<T, V> Bind for Typed<T, V>
where
    Pg: HasSqlType<T>,
    V: ToSql<T, Pg>,
{
    fn push<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_bind_param::<T, V>(&self.value)
    }
}

impl<'a> Statement<'a> {
    /// A statement without values yet.
    #[must_use]
    pub fn new(sql: &'static str) -> Self {
        Self { sql, binds: Vec::new(), rest: Some(sql) }
    }

    /// The same with the value of the next placeholder.
    #[must_use]
    pub fn bind<T, V>(mut self, value: V) -> Self
    where
        T: 'a,
        Pg: HasSqlType<T>,
        V: ToSql<T, Pg> + 'a,
    {
        let placeholder = format!("${}", self.binds.len() + 1);
        let cut = self.rest.and_then(|rest| rest.split_once(placeholder.as_str()));
        let (before, rest) = cut.unzip();
        self.binds.push((before.unwrap_or_default(), Box::new(Typed::<T, V> { value, sql_type: PhantomData })));
        self.rest = rest;
        self
    }
}

impl QueryFragment<Pg> for Statement<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let Some(rest) = self.rest else {
            let message = format!("a placeholder is not in its place, or missing: {}", self.sql);
            return Err(diesel::result::Error::QueryBuilderError(message.into()));
        };
        for (before, bind) in &self.binds {
            out.push_sql(before);
            bind.push(out.reborrow())?;
        }
        out.push_sql(rest);
        Ok(())
    }
}

impl QueryId for Statement<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Statement<'_> {
    type SqlType = Untyped;
}

impl RunQueryDsl<PgConnection> for Statement<'_> {}
