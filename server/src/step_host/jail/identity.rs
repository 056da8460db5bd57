//! Who a child is: nobody, without rights, for good.

use rustix::process::{DumpableBehavior, Signal, geteuid, set_dumpable_behavior, set_parent_process_death_signal};
use rustix::thread::{
    CapabilitiesSecureBits, CapabilitySet, CapabilitySets, Gid, Uid, capabilities, remove_capability_from_bounding_set,
    set_capabilities, set_capabilities_secure_bits, set_no_new_privs, set_thread_groups, set_thread_res_gid,
    set_thread_res_uid,
};

use super::{Error, Trying};

/// First user id of children of a step host that is root.
const FIRST_ID: u32 = 200_000;
/// How many user ids there are; children with the same one can't reach each other anyhow.
const IDS: u32 = 4096;

/// Takes from the step host, and so from all its children, the ways to new rights.
pub(super) fn prepare() -> Result<(), Error> {
    if capabilities(None).trying("reading capabilities")?.effective.contains(CapabilitySet::SETPCAP) {
        for bit in 0..64 {
            // The kernel refuses the bits that mean nothing to it.
            let _ = remove_capability_from_bounding_set(CapabilitySet::from_bits_retain(1 << bit));
        }
        let bits = CapabilitiesSecureBits::NO_ROOT
            | CapabilitiesSecureBits::NO_ROOT_LOCKED
            | CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE
            | CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE_LOCKED;
        set_capabilities_secure_bits(bits).trying("locking secure bits")?;
    }
    set_dumpable_behavior(DumpableBehavior::NotDumpable).trying("becoming undumpable")
}

/// Makes this process nobody: child number `child` of the step host.
pub(super) fn drop_all(child: u32) -> Result<(), Error> {
    if geteuid().is_root() {
        let id = FIRST_ID + child % IDS;
        let (user, group) = (Uid::from_raw(id), Gid::from_raw(id));
        set_thread_groups(&[]).trying("leaving all groups")?;
        set_thread_res_gid(group, group, group).trying("changing the group")?;
        set_thread_res_uid(user, user, user).trying("changing the user")?;
    }
    let none = CapabilitySet::empty();
    let nothing = CapabilitySets { effective: none, permitted: none, inheritable: none };
    set_capabilities(None, nothing).trying("dropping capabilities")?;
    // A change of identity resets both of these.
    set_dumpable_behavior(DumpableBehavior::NotDumpable).trying("becoming undumpable")?;
    set_parent_process_death_signal(Some(Signal::KILL)).trying("dying with the step host")?;
    set_no_new_privs(true).trying("renouncing new privileges")
}

/// Whether this process has no rights, and no way to any.
pub(super) fn is_nobody() -> bool {
    let none = capabilities(None).is_ok_and(|sets| sets.effective.is_empty() && sets.permitted.is_empty());
    none && !geteuid().is_root() && rustix::thread::no_new_privs().unwrap_or(false)
}
