//! The pools, and the only two doors through which queries reach Postgres.

use std::time::Duration;

use diesel::connection::Connection;
use diesel::pg::PgConnection;
use diesel::r2d2::{ConnectionManager, Pool};
use diesel::sql_types::Text;
use diesel::{RunQueryDsl, sql_query};
use tidemill_common::ids::WorkspaceId;

use super::Error;
use super::connection::{self, LogErrors, Role};
use super::queries::watch::{self, WatchRow};

/// How long a request waits for a free connection before it is told that the database can't be reached.
const CHECKOUT: Duration = Duration::from_secs(3);

type PgPool = Pool<ConnectionManager<PgConnection>>;

/// How many connections each pool may hold.
#[derive(Debug, Clone, Copy)]
pub struct PoolSizes {
    /// For what people and tokens ask.
    pub app: u32,
    /// For what the engine does.
    pub engine: u32,
}

impl Default for PoolSizes {
    fn default() -> Self {
        Self { app: 8, engine: 4 }
    }
}

/// The database. Cheap to clone; clones share the pools.
#[derive(Clone)]
pub struct Database {
    url: String,
    postgres: String,
    app: PgPool,
    engine: PgPool,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The URL may hold a password.
        f.debug_struct("Database").field("postgres", &self.postgres).finish_non_exhaustive()
    }
}

impl Database {
    /// Opens both pools on a migrated database. Blocks; call it before serving.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when Postgres can't be reached, [`Error::PostgresTooOld`] below 15, and
    /// [`Error::UnsafeRole`] when row-level security would not bind a role.
    pub fn connect(url: &str, sizes: PoolSizes) -> Result<Self, Error> {
        let url = &connection::guarded(url);
        let mut postgres = String::new();
        for role in [Role::App, Role::Engine] {
            let mut conn = connection::open(url, role)?;
            postgres = connection::check_version(&mut conn)?;
            connection::check_role(&mut conn)?;
        }
        let pool = |role, size| {
            Pool::builder()
                .max_size(size)
                .min_idle(Some(1))
                .connection_timeout(CHECKOUT)
                .idle_timeout(Some(Duration::from_secs(300)))
                .test_on_check_out(true)
                .connection_customizer(Box::new(role))
                .error_handler(Box::new(LogErrors))
                .build_unchecked(ConnectionManager::new(url))
        };
        Ok(Self { url: url.to_owned(), postgres, app: pool(Role::App, sizes.app), engine: pool(Role::Engine, sizes.engine) })
    }

    /// The version of Postgres, such as `18.1`.
    pub fn postgres_version(&self) -> &str {
        &self.postgres
    }

    /// Runs `work` in one transaction that sees the rows of `workspace` and no others.
    ///
    /// `work` may run again only by the caller's will: nothing is retried here.
    pub async fn with_tenant<T, F>(&self, workspace: WorkspaceId, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut PgConnection) -> Result<T, Error> + Send + 'static,
    {
        let pool = self.app.clone();
        blocking(move || {
            pool.get()?.transaction(|conn| {
                sql_query("SELECT set_config('tidemill.workspace_id', $1, true)")
                    .bind::<Text, _>(workspace.to_string())
                    .execute(conn)?;
                work(conn)
            })
        })
        .await
    }

    /// Runs `work` in one transaction of the engine, across workspaces.
    pub async fn engine<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut PgConnection) -> Result<T, Error> + Send + 'static,
    {
        let database = self.clone();
        blocking(move || database.engine_blocking(work)).await
    }

    /// [`Self::engine`] for threads of our own. Never call it on an async worker.
    pub fn engine_blocking<T>(&self, work: impl FnOnce(&mut PgConnection) -> Result<T, Error>) -> Result<T, Error> {
        let conn: &mut PgConnection = &mut *self.engine.get()?;
        conn.transaction(work)
    }

    /// A connection of the engine outside the pool, for a thread that keeps it. Blocks.
    pub fn open_engine_connection(&self) -> Result<PgConnection, Error> {
        connection::open(&self.url, Role::Engine)
    }

    /// Looks for what an operator must hear of.
    pub async fn watch(&self) -> Result<WatchRow, Error> {
        let url = self.url.clone();
        blocking(move || watch::look(&url)).await
    }

    /// Whether Postgres answers right now.
    pub async fn ping(&self) -> Result<(), Error> {
        self.engine(|conn| Ok(sql_query("SELECT 1").execute(conn).map(drop)?)).await
    }

    #[cfg(test)]
    pub(super) fn app_pool(&self) -> &PgPool {
        &self.app
    }
}

pub(super) async fn blocking<T, F>(work: F) -> Result<T, Error>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T, Error> + Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(stopped) => match stopped.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(stopped) => Err(Error::Unavailable(Box::new(stopped))),
        },
    }
}
