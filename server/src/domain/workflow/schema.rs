//! The JSON Schema of the workflow file, for editors and for programs that write workflows.

use serde_json::Value;

/// The schema (JSON Schema 2020-12). What it accepts can still be refused by [`super::compile()`], which also reads expressions
/// and the graph; what it refuses is always refused.
///
/// # Panics
/// Never: the file is part of the program, and a test reads it.
pub fn json_schema() -> Value {
    serde_json::from_str(include_str!("workflow.schema.json")).expect("the file is JSON")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::workflow::check::fields_of;
    use crate::domain::workflow::compile;
    use crate::domain::workflow::document::{self, Problems};
    use crate::domain::workflow::tests::FULL;

    fn json(source: &str) -> Value {
        document::read(source, &mut Problems::new(source)).unwrap().to_json()
    }

    fn file(change: &str) -> String {
        format!("id: x\nsteps:\n  - {change}\n")
    }

    #[test]
    fn the_schema_is_one_and_takes_the_full_example() {
        let schema = json_schema();
        assert!(jsonschema::meta::is_valid(&schema));
        let validator = jsonschema::validator_for(&schema).unwrap();
        let errors: Vec<String> = validator.iter_errors(&json(FULL)).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new());
    }

    #[test]
    fn schema_and_compiler_agree() {
        let validator = jsonschema::validator_for(&json_schema()).unwrap();
        let agree = |source: &str, fine: bool| {
            assert_eq!(validator.is_valid(&json(source)), fine, "schema: {source}");
            assert_eq!(compile(source).is_ok(), fine, "compiler: {source}");
        };
        for fine in [
            "{id: a, uses: transform, with: {}}",
            "{id: a, uses: wait, with: {duration: \"{{ inputs.pause }}\"}}",
            "{id: a, uses: transform, for_each: {items: [1, \"{{ inputs.x }}\"], concurrency: 4, on_error: continue}, with: \"{{ item }}\"}",
            "{id: a, uses: transform, for_each: {items: \"{{ inputs.list }}\"}, with: \"{{ index }}\"}",
            "{id: a, uses: transform, while: {condition: index < 3, max_iterations: 5, interval: 1s}, with: \"{{ last }}\"}",
            "{id: a, uses: switch, with: {value: \"{{ inputs.x }}\", cases: {a: []}, default: []}}",
            "{id: a, uses: python, with: {code: \"output = 1\", input: {a: \"{{ inputs.pause }}\"}, memory_mib: 64}}",
            "{id: a, uses: javascript, with: {code: x, runtime: node, output_kib: 1, log_kib: 0}}",
            "{id: a, uses: sql, with: {code: SELECT 1}}",
            "{id: a, uses: wait, with: {until: \"2026-01-31T12:00:00Z\"}}",
            "{id: a, uses: wait, timeout: 2d, with: {event: payment, on_timeout: continue}}",
            "{id: a, uses: approval, timeout: 2d, with: {message: \"{{ inputs.x }}?\", role: admin, members: [ana], form: {type: object}, on_timeout: reject, on_reject: continue}}",
            "{id: a, uses: approval, for_each: {items: [1]}, with: {message: ok, members: \"{{ inputs.x }}\"}}",
            "{id: a, uses: workflow.call, timeout: 30d, retry: {}, with: {workflow: other, input: {a: \"{{ inputs.x }}\"}}}",
            "{id: a, uses: workflow.call, with: {workflow: \"{{ inputs.x }}\"}}",
            "{id: a, uses: http.request, if: true, with: {url: \"https://x.example\", headers: {A: 1, B: [x]}, query: \"{{ inputs }}\", form: {a: b}}}",
            "{id: a, uses: http.request, with: {url: \"https://x.example\", auth: {credential: shop_api}}}",
            "{id: a, uses: http.request, with: {url: \"https://x.example\", multipart: {a: 1, b: {text: x, filename: y}}, response: file}}",
            "{id: a, uses: http.request, with: {url: \"https://x.example\", file: {base64: \"{{ inputs.x }}\"}, success_if: status < 300}}",
            "{id: a, uses: http.request, with: {url: \"https://x.example\", pagination: {type: link}}}",
            "{id: a, uses: http.request, with: {url: \"https://x.example\", pagination: {type: cursor, next: body.next, parameter: c, items: body.items, max_pages: 3}}}",
            "{id: a, uses: http.request, with: {url: \"https://x.example\", pagination: {type: offset, size: 10, size_parameter: limit}}}",
            "{id: a, uses: email.send, with: {credential: mail, from: a@b.c, to: [d@e.f], subject: s, text: t, attachments: [{name: x, text: y}, \"{{ inputs.file }}\"]}}",
            "{id: a, uses: webhook.send, with: {credential: sign, url: \"https://x.example\", type: a.b, data: {x: 1}}}",
        ] {
            agree(&file(fine), true);
        }
        for broken in [
            "{id: A, uses: transform, with: {}}",
            "{id: a, uses: python, with: {}}",
            "{id: a, uses: sql, with: {code: 1}}",
            "{id: a, uses: javascript, with: {code: x, memory_mib: 70000}}",
            "{id: a, uses: javascript, with: {code: x, runtime: deno}}",
            "{id: a, uses: javascript, with: {code: x, output_kib: 0}}",
            "{id: a, uses: approval, with: {}}",
            "{id: a, uses: transform}",
            "{id: a, uses: transform, with: 1}",
            "{id: a, uses: transform, with: {}, for_each: []}",
            "{id: a, uses: transform, with: {}, for_each: {items: text}}",
            "{id: a, uses: transform, with: {}, for_each: {concurrency: 4}}",
            "{id: a, uses: transform, with: {}, for_each: {items: [], concurrency: 1001}}",
            "{id: a, uses: transform, with: {}, for_each: {items: []}, while: {condition: true}}",
            "{id: a, uses: transform, with: {}, while: {max_iterations: 3}}",
            "{id: a, uses: switch, with: {value: 1}}",
            "{id: a, uses: switch, with: {value: 1, cases: {}}}",
            "{id: a, uses: switch, with: {value: 1, cases: {a: b}}}",
            "{id: a, uses: switch, with: {value: 1, cases: {a: []}}, retry: {}}",
            "{id: a, uses: switch, with: {value: 1, cases: {a: []}}, for_each: {items: []}}",
            "{id: a, uses: transform, with: {}, retry: {max_attempts: 101}}",
            "{id: a, uses: transform, with: {}, timeout: 5}",
            "{id: a, uses: transform, with: {}, if: \"{{ true }}\"}",
            "{id: a, uses: wait, with: {}}",
            "{id: a, uses: wait, with: {duration: 5m, until: x}}",
            "{id: a, uses: wait, with: {duration: 5m}, retry: {}}",
            "{id: a, uses: wait, with: {duration: 5m}, timeout: 1m}",
            "{id: a, uses: wait, with: {event: x, duration: 5m}}",
            "{id: a, uses: wait, with: {event: \"{{ inputs.x }}\"}}",
            "{id: a, uses: wait, with: {event: x}, for_each: {items: [1]}}",
            "{id: a, uses: approval, with: {message: ok, role: boss}}",
            "{id: a, uses: approval, with: {message: ok, members: []}}",
            "{id: a, uses: approval, with: {message: ok, members: ana}}",
            "{id: a, uses: approval, with: {message: ok}, retry: {}}",
            "{id: a, uses: workflow.call, with: {workflow: Other}}",
            "{id: a, uses: workflow.call, with: {input: {}}}",
            "{id: a, uses: workflow.call, with: {workflow: other}, effect: at_most_once}",
            "{id: a, uses: fail, with: {}}",
            "{id: a, uses: http.request, with: {}}",
            "{id: a, uses: http.request, with: {url: x.example}}",
            "{id: a, uses: http.request, with: {url: \"https://x.example\", method: get}}",
            "{id: a, uses: http.request, with: {url: \"https://x.example\", body: a, json: {}}}",
            "{id: a, uses: http.request, with: {url: \"https://x.example\", headers: {a: {b: c}}}}",
            "{id: a, uses: http.request, with: {url: \"https://x.example\", auth: {type: bearer, token: abc}}}",
            "{id: a, uses: http.request, with: {url: \"https://x.example\", auth: {credential: \"{{ inputs.x }}\"}}}",
            "{id: a, uses: http.request, with: {url: \"https://x.example\", auth: {credential: a, type: bearer}}}",
            "{id: a, uses: http.request, with: {url: \"https://x.example\", multipart: {a: []}}}",
            "{id: a, uses: http.request, with: {url: \"https://x.example\", multipart: {a: {text: x, base64: y}}}}",
            "{id: a, uses: http.request, with: {url: \"https://x.example\", file: {}}}",
            "{id: a, uses: http.request, with: {url: \"https://x.example\", form: {}, file: {base64: x}}}",
            "{id: a, uses: http.request, with: {url: \"https://x.example\", response: xml}}",
            "{id: a, uses: http.request, with: {url: \"https://x.example\", success_if: status < 300, fail_on_status: true}}",
            "{id: a, uses: http.request, with: {url: \"https://x.example\", pagination: {}}}",
            "{id: a, uses: http.request, with: {url: \"https://x.example\", pagination: {type: cursor}}}",
            "{id: a, uses: http.request, with: {url: \"https://x.example\", pagination: {type: link, size: 3}}}",
            "{id: a, uses: http.request, with: {url: \"https://x.example\", pagination: {type: page, size_parameter: x}}}",
            "{id: a, uses: http.request, with: {url: \"https://x.example\", pagination: {type: page, max_pages: 101}}}",
            "{id: a, uses: email.send, with: {credential: mail, from: a@b.c}}",
            "{id: a, uses: email.send, with: {from: a@b.c, to: d@e.f}}",
            "{id: a, uses: email.send, with: {credential: mail, from: a@b.c, to: d@e.f, attachments: [{name: x}]}}",
            "{id: a, uses: webhook.send, with: {credential: sign, url: x, type: a.b}}",
            "{id: a, uses: webhook.send, with: {url: \"https://x.example\", type: a.b}}",
        ] {
            agree(&file(broken), false);
        }
    }

    #[test]
    fn triggers_agree_too() {
        let validator = jsonschema::validator_for(&json_schema()).unwrap();
        let agree = |trigger: &str, fine: bool| {
            let source = format!("id: x\ntriggers: [{trigger}]\nsteps: [{{id: a, uses: transform, with: {{}}}}]\n");
            assert_eq!(validator.is_valid(&json(&source)), fine, "schema: {trigger}");
            assert_eq!(compile(&source).is_ok(), fine, "compiler: {trigger}");
        };
        for auth in [
            "{type: none}",
            "{type: hmac, scheme: github, secret: \"{{ secrets.a }}\"}",
            "{type: bearer, secret: \"{{secrets.a}}\"}",
            "{type: hmac, scheme: generic, header: X-Sig, prefix: 'v1=', encoding: base64, algorithm: sha512, secret: \"{{ secrets.a }}\"}",
            "{type: api_key, header: X-Key, secret: \"{{ secrets.a }}\"}",
            "{type: basic, username: u, password: \"{{ secrets.a }}\"}",
            "{type: hmac, scheme: stripe, secret: [\"{{ secrets.a }}\", \"{{ secrets.b }}\"], tolerance: 10m}",
            "{type: hmac, scheme: twilio, secret: \"{{ secrets.a }}\"}",
            "{type: ed25519, scheme: discord, secret: \"{{ secrets.a }}\"}",
            "{type: token, scheme: gitlab, secret: \"{{ secrets.a }}\"}",
            "{type: hmac, scheme: generic, header: X-Sig, timestamp_header: X-At, signed: \"{timestamp}:{body}\", tolerance: 1m, secret: \"{{ secrets.a }}\"}",
        ] {
            agree(&format!("{{id: t, type: webhook, path: a/b, methods: [POST, PUT], auth: {auth}}}"), true);
        }
        for auth in [
            "{}",
            "{type: hmac, scheme: github, secret: abc}",
            "{type: hmac, scheme: generic, secret: \"{{ secrets.a }}\"}",
            "{type: bearer}",
            "{type: hmac, scheme: discord, secret: \"{{ secrets.a }}\"}",
            "{type: hmac, scheme: github, secret: \"{{ secrets.a }}\", tolerance: 1m}",
            "{type: hmac, scheme: github, secret: []}",
            "{type: hmac, scheme: generic, header: X-Sig, signed: \"{timestamp}{body}\", secret: \"{{ secrets.a }}\"}",
            "{type: bearer, secret: \"{{ inputs.a }}\"}",
            "{type: bearer, secret: \"x{{ secrets.a }}\"}",
            "{type: basic, password: \"{{ secrets.a }}\"}",
        ] {
            agree(&format!("{{id: t, type: webhook, path: a/b, auth: {auth}}}"), false);
        }
        for fine in [
            "{id: t, type: schedule, cron: \"0 0 * * *\"}",
            "{id: t, type: schedule, every: 90m, jitter: 5m, catch_up: all, catch_up_limit: 5, input: {a: 1}}",
            "{id: t, type: schedule, at: \"2026-12-24T18:00\", timezone: Europe/Berlin}",
            "{id: t, type: condition, every: 5m, if: \"result.body.level < 5\", on: level, cooldown: 1h, check: {uses: http.request, with: {url: \"https://x.example/{{ previous.body.at }}\"}}}",
            "{id: t, type: condition, every: 5m, items: result.rows, key: item.id, existing: fire, if: item.open, check: {uses: sql, with: {code: SELECT 1}}}",
            "{id: t, type: event, event: execution_failed, workflow: other, if: \"trigger.body.execution.error\"}",
            "{id: t, type: condition, event: execution_ended, workflow: other, if: \"result.execution.status == 'failed' and event.event\"}",
            "{id: t, type: condition, event: member_added, if: \"result == previous\", on: level, check: {uses: python, with: {code: \"output = 1\", input: \"{{ event }}\"}}}",
            "{id: t, type: event, event: member_added}",
            "{id: t, type: call}",
            "{id: t, type: call, callers: [a, b]}",
            "{id: t, type: webhook, path: \"a/{id}\", rate_limit: {limit: 5, per: 1m}, max_body_bytes: 1000, cors: {origins: [\"https://a.example\"], headers: [X-A]}, allow_ips: [10.0.0.0/8, \"::1\"], respond: when_finished, respond_within: 5s}",
        ] {
            agree(fine, true);
        }
        for broken in [
            "{id: t, type: webhook}",
            "{id: t, type: webhook, path: /a}",
            "{id: t, type: webhook, path: a, methods: []}",
            "{id: t, type: schedule}",
            "{id: t, type: condition}",
            "{id: t, type: condition, every: 5m, check: {uses: sql, with: {code: SELECT 1}}}",
            "{id: t, type: condition, every: 5m, if: true, key: item.id, check: {uses: sql, with: {code: SELECT 1}}}",
            "{id: t, type: condition, every: 5m, items: result, key: item, on: level, check: {uses: sql, with: {code: SELECT 1}}}",
            "{id: t, type: condition, every: 5m, if: true, check: {uses: wait, with: {}}}",
            "{id: t, type: event}",
            "{id: t, type: form}",
            "{id: t, type: call, callers: []}",
            "{id: t, type: call, callers: [A]}",
            "{id: t, type: event, event: member_painted}",
            "{id: t, type: condition, event: execution_ended, every: 5m, if: result, check: {uses: sql, with: {code: SELECT 1}}}",
            "{id: t, type: condition, every: 5m, workflow: other, if: result, check: {uses: sql, with: {code: SELECT 1}}}",
            "{id: t, type: condition, every: 5m, if: result}",
            "{id: t, type: condition, if: result, check: {uses: sql, with: {code: SELECT 1}}}",
            "{id: t, type: schedule, cron: \"0 0 * * *\", every: 5m}",
            "{id: t, type: schedule, every: 5m, catch_up_limit: 5}",
            "{id: t, type: webhook, path: a, rate_limit: {per: 1s}}",
            "{id: t, type: webhook, path: \"a/{}\"}",
            "{id: t, type: webhook, path: a, cors: {}}",
            "{id: t, type: webhook, path: a, max_body_bytes: 0}",
            "{id: t, type: webhook, path: a, respond: never}",
        ] {
            agree(broken, false);
        }
    }

    #[test]
    fn the_schema_has_the_fields_of_the_compiler() {
        let schema = json_schema();
        for (place, fields) in fields_of() {
            let mut written: Vec<&str> =
                schema.pointer(place).unwrap().as_object().unwrap().keys().map(String::as_str).collect();
            let mut known = fields.to_vec();
            written.sort_unstable();
            known.sort_unstable();
            assert_eq!(written, known, "{place}");
        }
    }
}
