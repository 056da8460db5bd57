//! Workflow files that commands read: a file, a directory, or stdin.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use saphyr_parser::{Event, Parser};

use super::Error;
use crate::client::FileFormat;

/// A workflow file as it was read.
#[derive(Debug)]
pub struct SourceFile {
    /// Where it is from; `<stdin>` for stdin.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// How it is written.
    pub format: FileFormat,
}

impl SourceFile {
    /// The workflow's `id`, from the file's top level.
    pub fn workflow_id(&self) -> Result<String, Error> {
        top_level_id(&self.text).map_err(|reason| Error::Content { path: self.path.clone(), reason })
    }
}

/// Reads every file that `path` names: `-` is stdin, a directory gives its `.yaml`, `.yml` and `.json` files by name.
pub fn read(path: &Path) -> Result<Vec<SourceFile>, Error> {
    if path == Path::new("-") {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text)?;
        let format = if text.trim_start().starts_with('{') { FileFormat::Json } else { FileFormat::Yaml };
        return Ok(vec![SourceFile { path: "<stdin>".into(), text, format }]);
    }
    if !path.is_dir() {
        return Ok(vec![read_file(path)?]);
    }
    let entries = fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let entries = entries.map_err(|source| Error::File { path: path.into(), source })?;
    let mut paths: Vec<_> = entries.into_iter().map(|entry| entry.path()).filter(|path| is_workflow_file(path)).collect();
    if paths.is_empty() {
        return Err(Error::Content { path: path.into(), reason: "no .yaml, .yml or .json file in this directory".to_owned() });
    }
    paths.sort();
    paths.iter().map(|path| read_file(path)).collect()
}

/// Reads all that the `-f` options name.
pub fn read_all(paths: &[PathBuf]) -> Result<Vec<SourceFile>, Error> {
    let mut files = Vec::new();
    for path in paths {
        files.extend(read(path)?);
    }
    Ok(files)
}

fn is_workflow_file(path: &Path) -> bool {
    path.is_file() && path.extension().is_some_and(|end| end == "yaml" || end == "yml" || end == "json")
}

fn read_file(path: &Path) -> Result<SourceFile, Error> {
    let text = fs::read_to_string(path).map_err(|source| Error::File { path: path.into(), source })?;
    let json = path.extension().is_some_and(|end| end == "json");
    Ok(SourceFile { path: path.into(), text, format: if json { FileFormat::Json } else { FileFormat::Yaml } })
}

/// The scalar behind `id` in the outermost mapping. JSON is read the same way, as YAML contains it.
fn top_level_id(text: &str) -> Result<String, String> {
    let (mut depth, mut key_next, mut is_id) = (0_usize, true, false);
    for item in Parser::new_from_str(text) {
        let (event, _) = item.map_err(|error| error.to_string())?;
        match event {
            Event::Scalar(value, ..) if depth == 1 => {
                if is_id {
                    return Ok(value.into_owned());
                }
                is_id = key_next && value == "id";
                key_next = !key_next;
            }
            Event::MappingStart(..) | Event::SequenceStart(..) => {
                depth += 1;
                if depth == 2 && is_id {
                    break;
                }
            }
            Event::MappingEnd | Event::SequenceEnd => {
                depth = depth.saturating_sub(1);
                // A value that is a collection ends here; a key follows.
                key_next = depth != 1 || !key_next;
            }
            _ => {}
        }
    }
    Err("the file has no `id`; every workflow needs one, for example `id: order-intake`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_found_wherever_it_stands() {
        let id = |text| top_level_id(text).ok();
        assert_eq!(id("id: a\nsteps: []\n").as_deref(), Some("a"));
        assert_eq!(id("steps:\n  - id: wrong\n    with: {id: x}\nname: id\nid: right\n").as_deref(), Some("right"));
        assert_eq!(id(r#"{"steps": [{"id": "no"}], "triggers": [], "id": "yes"}"#).as_deref(), Some("yes"));
        assert_eq!(id("name: id\nsteps: [{id: no}]\n"), None);
        assert_eq!(id("id: {a: 1}\n"), None);
        assert_eq!(id(""), None);
        assert_eq!(id("a: [\n"), None);
    }

    #[test]
    fn a_directory_gives_its_workflow_files_by_name() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["b.yml", "a.yaml", "c.json", "notes.txt"] {
            fs::write(dir.path().join(name), "id: x").unwrap();
        }
        let names: Vec<_> = read(dir.path()).unwrap().iter().map(|file| file.path.file_name().unwrap().to_owned()).collect();
        assert_eq!(names, ["a.yaml", "b.yml", "c.json"]);
        let empty = tempfile::tempdir().unwrap();
        assert!(matches!(read(empty.path()), Err(Error::Content { .. })));
        assert!(matches!(read(&dir.path().join("absent.yaml")), Err(Error::File { .. })));
    }
}
