//! Landlock: no file, no TCP, no signal to others, also where the kernel gives no namespaces.

use landlock::{ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, Scope};

use super::Error;

/// Forbids whatever this kernel's Landlock can forbid. A kernel without it changes nothing; the canaries notice that.
pub(super) fn restrict() -> Result<(), Error> {
    Ruleset::default()
        .handle_access(AccessFs::from_all(ABI::V7))?
        .handle_access(AccessNet::from_all(ABI::V7))?
        .scope(Scope::from_all(ABI::V7))?
        .create()?
        .restrict_self()?;
    Ok(())
}
