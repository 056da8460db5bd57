//! Which step ends before which.

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::workflow::plan::StepIndex;

/// The steps' ids and dependencies.
pub(super) struct Graph {
    ids: HashMap<Arc<str>, StepIndex>,
    depends_on: Vec<Vec<StepIndex>>,
    ancestors: Vec<Vec<bool>>,
    catch_from: StepIndex,
}

impl Graph {
    /// `depends_on[i]` are the steps that step `i` names, by place. Those of `catch` begin at `catch_from`.
    pub fn new(ids: HashMap<Arc<str>, StepIndex>, depends_on: Vec<Vec<StepIndex>>, catch_from: StepIndex) -> Self {
        let ancestors = (0..depends_on.len()).map(|step| ancestors(step, &depends_on)).collect();
        Self { ids, depends_on, ancestors, catch_from }
    }

    pub fn index(&self, id: &str) -> Option<StepIndex> {
        self.ids.get(id).copied()
    }

    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.ids.keys().map(|id| &**id)
    }

    /// Whether `step` starts only after `other` has ended, or was stopped.
    pub fn follows(&self, step: StepIndex, other: StepIndex) -> bool {
        self.ancestors[step][other] || (self.is_catch(step) && !self.is_catch(other))
    }

    /// Whether `step` is one of `catch`.
    pub fn is_catch(&self, step: StepIndex) -> bool {
        step >= self.catch_from
    }

    pub fn depends_on(&self, step: StepIndex) -> &[StepIndex] {
        &self.depends_on[step]
    }

    /// The inverse of `depends_on`.
    pub fn dependents(&self) -> Vec<Vec<StepIndex>> {
        let mut dependents = vec![Vec::new(); self.depends_on.len()];
        for (step, needed) in self.depends_on.iter().enumerate() {
            for other in needed {
                dependents[*other].push(step);
            }
        }
        dependents
    }

    /// The circles in which steps wait for each other, each as its steps in order. No step is in two of them.
    pub fn cycles(&self) -> Vec<Vec<StepIndex>> {
        let mut named = vec![false; self.depends_on.len()];
        let mut cycles = Vec::new();
        for start in 0..self.depends_on.len() {
            if !named[start] && self.follows(start, start) {
                let cycle = self.cycle(start);
                if cycle.iter().all(|step| !named[*step]) {
                    for step in &cycle {
                        named[*step] = true;
                    }
                    cycles.push(cycle);
                }
            }
        }
        cycles
    }

    /// The shortest way from `start` back to itself, against the direction of `depends_on`.
    fn cycle(&self, start: StepIndex) -> Vec<StepIndex> {
        let mut came_from: Vec<Option<StepIndex>> = vec![None; self.depends_on.len()];
        let mut waiting = std::collections::VecDeque::from([start]);
        while let Some(step) = waiting.pop_front() {
            for needed in &self.depends_on[step] {
                if *needed == start {
                    let way = std::iter::successors(Some(step), |step| came_from[*step]);
                    return way.collect();
                }
                if came_from[*needed].is_none() {
                    came_from[*needed] = Some(step);
                    waiting.push_back(*needed);
                }
            }
        }
        vec![start]
    }
}

/// For every step, whether `step` waits for it, directly or not.
fn ancestors(step: StepIndex, depends_on: &[Vec<StepIndex>]) -> Vec<bool> {
    let mut found = vec![false; depends_on.len()];
    let mut waiting = vec![step];
    while let Some(step) = waiting.pop() {
        for needed in &depends_on[step] {
            if !found[*needed] {
                found[*needed] = true;
                waiting.push(*needed);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(depends_on: &[&[StepIndex]]) -> Graph {
        Graph::new(HashMap::new(), depends_on.iter().map(|needed| needed.to_vec()).collect(), depends_on.len())
    }

    #[test]
    fn following_is_transitive() {
        let graph = graph(&[&[], &[0], &[1], &[]]);
        assert!(graph.follows(2, 0) && !graph.follows(0, 2) && !graph.follows(3, 0) && !graph.follows(2, 2));
        assert_eq!(graph.dependents(), [vec![1], vec![2], vec![], vec![]]);
        assert!(graph.cycles().is_empty());
    }

    #[test]
    fn every_circle_is_named_once() {
        let graph = graph(&[&[2], &[0], &[1], &[3], &[0]]);
        assert_eq!(graph.cycles(), [vec![1, 2, 0], vec![3]]);
    }
}
