//! `with-postgres COMMAND…`: runs a command with one Postgres for all test processes that it starts.

use std::process::{Command, ExitCode};

use tidemill_harness::Postgres;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let Some(program) = arguments.next() else {
        eprintln!("usage: with-postgres COMMAND [ARGUMENT…]");
        return ExitCode::from(2);
    };
    let url = Postgres::shared().url();
    match Command::new(&program).args(arguments).env("TIDEMILL_TEST_DATABASE_URL", url).status() {
        Ok(status) => ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)),
        Err(error) => {
            eprintln!("{}: {error}", program.display());
            ExitCode::from(127)
        }
    }
}
