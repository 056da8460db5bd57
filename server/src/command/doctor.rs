//! `tidemill doctor`: can a server run here?

use std::path::Path;
use std::process::ExitCode;

use crate::config::{ServeArgs, ServeConfig};
use crate::postgres::{self, ClusterOptions};
use crate::runner::code::{CodeRunner, SandboxStatus};
use crate::serve;
use crate::store;
use crate::store::queries::watch;

/// Bytes of free disk below which the doctor warns: an hour of a busy server.
const FREE_DISK: u64 = 5 * 1024 * 1024 * 1024;

/// One thing that was looked at.
enum Finding {
    Good(String),
    Warning { what: String, advice: String },
    Bad { what: String, advice: String },
}

pub(super) fn run(args: ServeArgs) -> ExitCode {
    let config = match ServeConfig::load(args) {
        Ok(config) => config,
        Err(error) => {
            print(&Finding::Bad {
                what: format!("configuration: {error}"),
                advice: "mend the setting that it names".to_owned(),
            });
            return ExitCode::FAILURE;
        }
    };
    let findings = [
        configuration(&config),
        data_dir(&config.data_dir),
        disk(&config.data_dir),
        database(&config),
        state(&config),
        listen(&config),
    ];
    let findings: Vec<Finding> = findings.into_iter().chain(sandboxes(&config)).collect();
    findings.iter().for_each(print);
    if findings.iter().any(|finding| matches!(finding, Finding::Bad { .. })) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn print(finding: &Finding) {
    match finding {
        Finding::Good(what) => println!("ok       {what}"),
        Finding::Warning { what, advice } => println!("warning  {what}\n         {advice}"),
        Finding::Bad { what, advice } => println!("error    {what}\n         {advice}"),
    }
}

fn configuration(config: &ServeConfig) -> Finding {
    Finding::Good(format!("configuration: data in {}, listening on {}", config.data_dir.display(), config.listen))
}

fn data_dir(data_dir: &Path) -> Finding {
    let existing = data_dir.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/"));
    match rustix::fs::access(existing, rustix::fs::Access::WRITE_OK) {
        Ok(()) => Finding::Good(format!("data directory: {} can be written", existing.display())),
        Err(error) => Finding::Bad {
            what: format!("data directory: {} can't be written ({error})", existing.display()),
            advice: "choose another with --data-dir, or give this user the right to write there".to_owned(),
        },
    }
}

fn disk(data_dir: &Path) -> Finding {
    let existing = data_dir.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/"));
    match rustix::fs::statvfs(existing) {
        Err(error) => Finding::Warning {
            what: format!("disk: free space is unknown ({error})"),
            advice: "look at it with df -h".to_owned(),
        },
        Ok(disk) => {
            let free = disk.f_bavail * disk.f_frsize;
            let shown = format!("disk: {:.1} GiB free below {}", bytes_as_gib(free), existing.display());
            if free >= FREE_DISK {
                return Finding::Good(shown);
            }
            Finding::Warning { what: shown, advice: "make room, or put the data directory on a larger disk".to_owned() }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
fn bytes_as_gib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 30)
}

/// Starts the step hosts, as the server would, and lets them try their walls.
fn sandboxes(config: &ServeConfig) -> Vec<Finding> {
    let tried = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().map(|runtime| {
        runtime.block_on(async {
            let runner = CodeRunner::start(serve::code_options(config));
            (runner.status().await, runner.node_status().await)
        })
    });
    match tried {
        Ok((inside, node)) => {
            let node = node.map(|node| sandbox("runtime node", &node));
            std::iter::once(sandbox("sandbox", &inside)).chain(node).collect()
        }
        Err(error) => {
            vec![Finding::Warning { what: format!("sandbox: not tried ({error})"), advice: "try again".to_owned() }]
        }
    }
}

fn sandbox(name: &str, status: &SandboxStatus) -> Finding {
    let missing = Some(status.missing()).filter(|missing| !missing.is_empty());
    let missing = missing.unwrap_or_else(|| "nothing is missing".to_owned());
    let what =
        format!("{name}: {} of {} asked for; {}", status.level, status.minimum, status.problem.clone().unwrap_or(missing));
    if status.is_enough() {
        return Finding::Good(what);
    }
    let advice = "such steps are refused here; docs/code-steps.md says what each level needs".to_owned();
    Finding::Warning { what, advice }
}

fn database(config: &ServeConfig) -> Finding {
    if let Some(url) = &config.database_url {
        return match store::check(url.expose()) {
            Ok(version) => Finding::Good(format!("database: Postgres {version} answers")),
            Err(error) => Finding::Bad {
                what: format!("database: {error}"),
                advice: "check the URL, the network and the server".to_owned(),
            },
        };
    }
    let options = ClusterOptions {
        data_dir: config.data_dir.clone(),
        bin_dir: config.postgres_bin.clone(),
        search_path: config.search_path.clone(),
    };
    match postgres::find_binaries(&options) {
        Ok(found) => Finding::Good(format!("database: embedded, with the Postgres {found}")),
        Err(error) => Finding::Bad { what: format!("database: {error}"), advice: "or give --database-url".to_owned() },
    }
}

/// What the server would complain about, when the database can be asked.
fn state(config: &ServeConfig) -> Finding {
    let url = match &config.database_url {
        Some(url) => Some(url.expose().to_owned()),
        None => postgres::url_in(&config.data_dir).ok(),
    };
    let Some(Ok(seen)) = url.map(|url| watch::look(&url)) else {
        return Finding::Good("database state: not looked at, since no server has used it or runs on it".to_owned());
    };
    if seen.strays > 0 {
        return Finding::Warning {
            what: format!("database state: {} rows lie in the DEFAULT partition", seen.strays),
            advice: "is the clock right, and does a node with the role scheduler run?".to_owned(),
        };
    }
    match seen.pid.filter(|_| seen.seconds >= watch::OLD_SNAPSHOT) {
        Some(pid) => Finding::Warning {
            what: format!("database state: process {pid} ({}) has a transaction open for {} s", seen.owner, seen.seconds),
            advice: format!("it keeps dead rows alive: end it, or SELECT pg_terminate_backend({pid})"),
        },
        None => Finding::Good("database state: every row has its partition, no transaction is old".to_owned()),
    }
}

fn listen(config: &ServeConfig) -> Finding {
    match std::net::TcpListener::bind(config.listen) {
        Ok(_) => Finding::Good(format!("address: {} is free", config.listen)),
        Err(error) => Finding::Warning {
            what: format!("address: {} can't be listened on ({error})", config.listen),
            advice: "a server may be running there already; else choose another with --listen".to_owned(),
        },
    }
}
