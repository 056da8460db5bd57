//! Landlock: no file, no TCP, no signal to others, also where the kernel gives no namespaces.

use landlock::{ABI, Access, AccessFs, AccessNet, PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreatedAttr, Scope};

use super::{Error, Profile, Trying};

/// Forbids whatever this kernel's Landlock can forbid; Node.js can read what its root has. A kernel without Landlock changes
/// nothing; the canaries notice that.
pub(super) fn restrict(profile: Profile) -> Result<(), Error> {
    let rules = Ruleset::default()
        .handle_access(AccessFs::from_all(ABI::V7))?
        .handle_access(AccessNet::from_all(ABI::V7))?
        .scope(Scope::from_all(ABI::V7))?
        .create()?;
    let rules = match profile {
        Profile::Inside => rules,
        Profile::Node => {
            let root = PathFd::new("/").map_err(std::io::Error::other).trying("opening the root")?;
            rules.add_rule(PathBeneath::new(root, AccessFs::ReadFile | AccessFs::ReadDir | AccessFs::Execute))?
        }
    };
    rules.restrict_self()?;
    Ok(())
}
