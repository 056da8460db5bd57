//! Carries out what `domain::execution` decides, one task per execution of this node.
