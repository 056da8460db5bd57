//! Precedence, defaults and mistakes.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args as _, FromArgMatches as _};

use super::serve::Surroundings;
use super::*;

fn args(arguments: &[&str]) -> Result<ServeArgs, clap::Error> {
    // The environment of the test run must not decide.
    let command = ServeArgs::augment_args(clap::Command::new("serve")).mut_args(|argument| argument.env(None::<&str>));
    let matches = command.try_get_matches_from([&["serve"], arguments].concat())?;
    ServeArgs::from_arg_matches(&matches)
}

fn load(arguments: &[&str]) -> Result<ServeConfig, Error> {
    Loaded::resolve(args(arguments).unwrap(), &Surroundings::default()).map(|loaded| loaded.config)
}

fn with_file(text: &str, arguments: &[&str]) -> Result<ServeConfig, Error> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("settings.toml");
    fs::write(&path, text).unwrap();
    load(&[&["--data-dir", "/data", "--config", path.to_str().unwrap()], arguments].concat())
}

#[test]
fn the_defaults_are_those_of_the_help() {
    let config = load(&["--data-dir", "/nowhere/tidemill"]).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:7700");
    assert_eq!(config.log_level, "info");
    let help = ServeArgs::augment_args(clap::Command::new("serve")).render_long_help().to_string();
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for (key, value) in [
        ("journal-writers", config.journal_writers),
        ("api-connections", config.api_connections as usize),
        ("executor-connections", config.executor_connections as usize),
        ("max-running-executions", config.max_running_executions),
        ("max-inflight-webhooks", config.max_inflight_webhooks),
        ("outbound-per-host", config.outbound_per_host),
    ] {
        let (_, after) = help.split_once(&format!("--{key} ")).unwrap();
        let (_, default) = after.split_once("[default: ").unwrap();
        assert!(default.starts_with(&format!("{value}]")), "{key}: {default:.20}");
    }
}

#[test]
fn the_data_directory_has_a_sensible_default() {
    let dir = |is_root, xdg: Option<&str>, home: Option<&str>| {
        let surroundings = Surroundings {
            is_root,
            xdg_data_home: xdg.map(PathBuf::from),
            home: home.map(PathBuf::from),
            ..Surroundings::default()
        };
        Loaded::resolve(ServeArgs::default(), &surroundings).map(|loaded| loaded.config.data_dir)
    };
    assert_eq!(dir(true, Some("/x"), Some("/root")).unwrap(), Path::new("/var/lib/tidemill"));
    assert_eq!(dir(false, Some("/x"), Some("/home/ada")).unwrap(), Path::new("/x/tidemill"));
    assert_eq!(dir(false, None, Some("/home/ada")).unwrap(), Path::new("/home/ada/.local/share/tidemill"));
    assert!(matches!(dir(false, None, None), Err(Error::NoDataDir)));
}

#[test]
fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
    let text = r#"
        listen = "0.0.0.0:80"
        public_url = "https://flows.example.com/"
        database_url = "postgres://ada:canary@db/tidemill"
        outbound_allow = ["10.1.0.0/16", "::1"]
        log_format = "json"
        journal_writers = 2
    "#;
    let config = with_file(text, &["--listen", "127.0.0.1:1", "--log-level", "debug"]).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:1");
    assert_eq!((config.log_level.as_str(), config.log_format), ("debug", LogFormat::Json));
    assert_eq!((config.journal_writers, config.api_connections), (2, 8));
    assert_eq!(config.outbound_allow, ["10.1.0.0/16".parse().unwrap(), "::1/128".parse().unwrap()]);
    assert!(!format!("{config:?}").contains("canary"));
}

#[test]
fn every_setting_has_an_environment_variable() {
    let command = ServeArgs::augment_args(clap::Command::new("serve"));
    for argument in command.get_arguments() {
        let expected = match argument.get_id().as_str() {
            "log_level" => "TIDEMILL_LOG".to_owned(),
            other => format!("TIDEMILL_{}", other.to_uppercase()),
        };
        assert_eq!(argument.get_env().and_then(|name| name.to_str()), Some(expected.as_str()));
    }
}

#[test]
fn the_file_of_the_data_directory_is_found_by_itself() {
    let dir = tempfile::tempdir().unwrap();
    let data_dir = dir.path().to_str().unwrap();
    assert_eq!(load(&["--data-dir", data_dir]).unwrap().journal_writers, 1);
    fs::write(dir.path().join(CONFIG_FILE), "journal_writers = 3").unwrap();
    assert_eq!(load(&["--data-dir", data_dir]).unwrap().journal_writers, 3);
    fs::write(dir.path().join(CONFIG_FILE), "data_dir = '/elsewhere'").unwrap();
    assert!(matches!(load(&["--data-dir", data_dir]), Err(Error::DataDirInside { .. })));
}

#[test]
fn mistakes_in_the_file_are_named_with_their_line() {
    for (text, expected) in [
        ("\nlisten = '127.0.0.1:1'\nlisen = 'x'", "settings.toml:3: there is no setting `lisen`; did you mean `listen`?"),
        ("log-level = 'info'", "settings.toml:1: there is no setting `log-level`; did you mean `log_level`?"),
        ("[server]\nport = 1", "settings.toml:1: there is no setting `server`; there are data_dir, listen"),
        ("listen = 7700", "settings.toml:1: `listen`: invalid type: integer `7700`"),
        ("listen = 7700", "it is: Address and port to listen on (default: 127.0.0.1:7700)"),
        ("\nlisten =", "settings.toml:2: this is not TOML: "),
        ("\nstripe_key = ['canary']", "settings.toml:2: `stripe_key`: this is no value for it"),
        ("outbound_allow = ['10.0.0.0/99']", "`10.0.0.0/99` is neither a network such as 10.1.0.0/16 nor an address"),
        (
            "outbound_proxy = 'socks5://ada:canary@proxy'",
            "`outbound_proxy` must be a URL such as http://proxy.example:3128, not another text",
        ),
        ("\njournal_writers = 0", "settings.toml:2: `journal_writers` must be from 1 to 16, not 0"),
        ("retention_days = 0", "settings.toml:1: `retention_days` must be from 1 to 3650 days, not 0"),
        ("log_format = 'xml'", "settings.toml:1: `log_format`: unknown variant `xml`, expected `human` or `json`"),
        ("tls_key = '/k.pem'", "settings.toml:1: `tls_key` must be set together with tls_certificate, not set alone"),
        ("api_connections = -1", "settings.toml:1: `api_connections`: "),
        ("public_url = 'https://ada:canary@example.com'", "`public_url` must be an http or https URL"),
        (
            "database_url = 'mysql://ada:canary@db'",
            "`database_url` must be a URL such as postgres://user:password@host:5432/database, not another text",
        ),
    ] {
        let error = with_file(text, &[]).unwrap_err().to_string();
        assert!(error.contains(expected) && !error.contains("canary"), "{text}: {error}");
    }
}

#[test]
fn all_mistakes_are_named_at_once() {
    let text = "lisen = 'x'\njournal_writers = 0\nretention_days = 'long'\ntls_key = 'relative'\ntls_certificate = '/c.pem'\napi_connections = 4\n";
    let error = with_file(text, &["--executor-connections", "0"]).unwrap_err();
    let said = error.to_string();
    assert!(said.starts_with("5 mistakes in the configuration:\n"), "{said}");
    for expected in [
        "settings.toml:1: there is no setting `lisen`; did you mean `listen`?",
        "settings.toml:2: `journal_writers` must be from 1 to 16, not 0",
        "settings.toml:3: `retention_days`: invalid type",
        "settings.toml:4: `tls_key` must be a path that begins with /",
        "flag: `executor_connections` must be from 1 to 200, not 0",
    ] {
        assert!(said.contains(expected), "{expected} in {said}");
    }
    assert_eq!(error.each().len(), 5);
}

#[test]
fn the_variables_of_opentelemetry_are_understood() {
    let mut heard = args(&["--data-dir", "/data"]).unwrap();
    let variable = |name: &str| match name {
        "OTEL_EXPORTER_OTLP_ENDPOINT" => Some("http://collector:4318".to_owned()),
        "OTEL_EXPORTER_OTLP_HEADERS" => Some("authorization=canary".to_owned()),
        _ => None,
    };
    heard.hear_of_collector(variable).unwrap();
    let loaded = Loaded::resolve(heard, &Surroundings::default()).unwrap();
    let otlp = loaded.config.otlp.clone().unwrap();
    assert_eq!((otlp.endpoint.as_str(), otlp.sampling.percent), ("http://collector:4318/", 100));
    assert_eq!(otlp.headers["authorization"], "canary");
    let shown = loaded.shown().into_iter().find(|shown| shown.key.name == "otlp_endpoint").unwrap();
    assert_eq!(shown.origin, Origin::Variable("OTEL_EXPORTER_OTLP_ENDPOINT".to_owned()));
    assert!(!format!("{loaded:?}").contains("canary"));
    let mut own = args(&["--otlp-endpoint", "http://other:1"]).unwrap();
    own.hear_of_collector(variable).unwrap();
    assert_eq!(own.settings.otlp_endpoint.unwrap().as_str(), "http://other:1/", "what is ours comes first");
    assert!(args(&[]).unwrap().hear_of_collector(|_| Some("not a url".to_owned())).is_err());
    let wrong = load(&["--data-dir", "/data", "--otlp-endpoint", "ftp://x"]).unwrap_err().to_string();
    assert!(wrong.contains("`otlp_endpoint` must be a URL such as http://collector:4318"), "{wrong}");
}

#[test]
fn a_missing_file_is_an_error_only_when_it_was_asked_for() {
    assert!(matches!(load(&["--data-dir", "/data", "--config", "/no/such.toml"]), Err(Error::Read { .. })));
}

#[test]
fn flags_are_checked_when_they_are_read() {
    let allow = args(&["--outbound-allow", "10.0.0.0/8, 192.168.1.1"]).unwrap().settings.outbound_allow.unwrap();
    assert_eq!(allow, ["10.0.0.0/8".parse().unwrap(), "192.168.1.1/32".parse().unwrap()]);
    for wrong in [["--listen", "nowhere"], ["--outbound-allow", "10.0.0.0/40"], ["--log-format", "xml"]] {
        assert!(args(&wrong).is_err(), "{wrong:?}");
    }
    let error = load(&["--data-dir", "/data", "--database-url", "mysql://ada:canary@db"]).unwrap_err();
    assert!(matches!(error, Error::OutOfRange { key: "database_url", .. }) && !error.to_string().contains("canary"), "{error}");
}

#[test]
fn the_place_of_a_wrong_value_is_named() {
    let error = load(&["--data-dir", "/data", "--journal-writers", "17"]).unwrap_err().to_string();
    assert_eq!(error, "flag: `journal_writers` must be from 1 to 16, not 17");
}

#[test]
fn the_machine_has_a_file_too() {
    let dir = tempfile::tempdir().unwrap();
    let (machine_file, data_dir) = (dir.path().join("machine.toml"), dir.path().join("data"));
    fs::create_dir(&data_dir).unwrap();
    fs::write(&machine_file, format!("data_dir = '{}'\njournal_writers = 3", data_dir.display())).unwrap();
    let surroundings =
        Surroundings { machine_file: machine_file.clone(), home: Some("/nowhere".into()), ..Surroundings::default() };
    let resolve = |arguments: &[&str]| Loaded::resolve(args(arguments).unwrap(), &surroundings);
    let loaded = resolve(&[]).unwrap();
    assert_eq!((loaded.config.journal_writers, &loaded.config.data_dir), (3, &data_dir));
    assert_eq!(loaded.file.as_ref(), Some(&machine_file));
    fs::write(data_dir.join(CONFIG_FILE), "journal_writers = 4").unwrap();
    assert!(matches!(resolve(&[]), Err(Error::TwoFiles { .. })));
    let named = resolve(&["--data-dir", data_dir.to_str().unwrap()]).unwrap();
    assert_eq!(named.config.journal_writers, 4, "the data directory was named: its file counts");
}

#[test]
fn every_setting_is_shown_with_its_place_and_no_secret() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("settings.toml");
    let text = "database_url = 'postgres://ada:canary@db/t?password=canary'\nstripe_key = 'canary'\nstripe_webhook_secret = 'canary'\nroles = ['api']";
    fs::write(&path, text).unwrap();
    let given = ["--data-dir", "/data", "--config", path.to_str().unwrap(), "--retention-days", "7"];
    let loaded = Loaded::resolve(args(&given).unwrap(), &Surroundings::default()).unwrap();
    let shown = loaded.shown();
    assert!(!format!("{shown:?}{loaded:?}").contains("canary"));
    let of = |name: &str| {
        shown.iter().find(|shown| shown.key.name == name).map(|shown| (shown.value.as_str(), shown.origin.clone())).unwrap()
    };
    assert_eq!(of("database_url"), ("postgres://ada:***@db/t", Origin::File { path: path.clone(), line: 1 }));
    assert_eq!(of("roles"), ("[\"api\"]", Origin::File { path, line: 4 }));
    assert_eq!(of("retention_days"), ("7", Origin::Flag));
    assert_eq!(of("dead_letter_days"), ("90", Origin::Default));
    assert_eq!(of("stripe_key").0, "***");
}

#[test]
fn what_changed_is_known_even_of_secrets() {
    let with = |key: &str| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("settings.toml");
        fs::write(&path, format!("stripe_key = '{key}'\nstripe_webhook_secret = 'x'\nlog_level = '{key}'")).unwrap();
        Loaded::resolve(args(&["--data-dir", "/data", "--config", path.to_str().unwrap()]).unwrap(), &Surroundings::default())
            .unwrap()
    };
    let changed: Vec<String> = with("a").changed(&with("b")).into_iter().map(|key| key.name).collect();
    assert_eq!(changed, ["stripe_key", "log_level"]);
    let mut running = with("a");
    assert!(running.changed(&with("a")).is_empty());
    running.took_over(&with("b"));
    let changed: Vec<String> = running.changed(&with("b")).into_iter().map(|key| key.name).collect();
    assert_eq!(changed, ["stripe_key"], "what needs a restart is said until there was one");
}

#[test]
fn an_authority_is_asked_for_names_only() {
    let config =
        with_file("acme_domains = ['Flows.Example.com', 'm\u{fc}hle.example']\nacme_email = 'ops@example.com'\n", &[]).unwrap();
    let Some(Tls::Acme(options)) = config.tls else { unreachable!("{:?}", config.tls) };
    assert_eq!(options.domains, ["flows.example.com", "xn--mhle-0ra.example"]);
    assert_eq!(options.directory.as_str(), "https://acme-v02.api.letsencrypt.org/directory");
    assert_eq!(config.public_url.unwrap().as_str(), "https://flows.example.com/");
    for (wrong, expected) in [
        ("acme_domains = ['*.example.com']", "no wildcards, no addresses"),
        ("acme_domains = ['192.0.2.1']", "no wildcards, no addresses"),
        ("acme_domains = ['a b']", "no wildcards, no addresses"),
        ("acme_domains = []", "1 to 100 names"),
        ("acme_domains = ['a.example']\nacme_email = 'ops'", "an address such as ops@example.com"),
        ("acme_domains = ['a.example']\nacme_directory = 'http://ca.example/'", "an https URL"),
        ("acme_email = 'ops@example.com'", "set together with acme_domains"),
        ("acme_domains = ['a.example']\ntls_certificate = '/a'\ntls_key = '/b'", "set without tls_certificate and tls_key"),
    ] {
        let error = with_file(wrong, &[]).unwrap_err().to_string();
        assert!(error.contains(expected), "{wrong}: {error}");
    }
}
