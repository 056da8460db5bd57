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
    binds: Vec<Box<dyn Bind + 'a>>,
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
        Self { sql, binds: Vec::new() }
    }

    /// The same with the value of the next placeholder.
    #[must_use]
    pub fn bind<T, V>(mut self, value: V) -> Self
    where
        T: 'a,
        Pg: HasSqlType<T>,
        V: ToSql<T, Pg> + 'a,
    {
        self.binds.push(Box::new(Typed::<T, V> { value, sql_type: PhantomData }));
        self
    }
}

impl QueryFragment<Pg> for Statement<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let mut rest = self.sql;
        for (index, bind) in self.binds.iter().enumerate() {
            let placeholder = format!("${}", index + 1);
            let (before, after) = rest.split_once(placeholder.as_str()).ok_or_else(|| {
                diesel::result::Error::QueryBuilderError(format!("no {placeholder} in its place: {}", self.sql).into())
            })?;
            out.push_sql(before);
            bind.push(out.reborrow())?;
            rest = after;
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
