//! Draws the graph of steps, one step per row: lanes hold the edges that still lead down.
//!
//! A lane belongs to a step with children that were not drawn yet. The last child takes the lane over, the others
//! branch off to the right; a step with several dependencies joins their lanes.

use std::collections::HashMap;

use tidemill_common::api::execution::StepView;

/// More lanes than this are not drawn: the rows then come without lines.
const MOST_LANES: usize = 8;

/// Directions in which the lines of a cell lead.
const UP: u8 = 1;
const DOWN: u8 = 2;
/// A line leads to the left.
pub const LEFT: u8 = 4;
/// A line leads to the right.
pub const RIGHT: u8 = 8;

/// One row: a step and the lines beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The place of the step in the execution's list.
    pub step: usize,
    /// The lane of the step's own mark; the cell there has no lines.
    pub lane: usize,
    /// A cell per lane: directions of its lines.
    pub cells: Vec<u8>,
}

/// The rows, in an order in which every step comes behind those that it waits for.
pub fn rows(steps: &[StepView]) -> Vec<Row> {
    let parents = parents(steps);
    let order = order(&parents);
    let drawn = Lanes::new(&parents).draw(&order, &parents);
    drawn.unwrap_or_else(|| order.iter().map(|step| Row { step: *step, lane: 0, cells: vec![0] }).collect())
}

fn parents(steps: &[StepView]) -> Vec<Vec<usize>> {
    let by_id: HashMap<&str, usize> = steps.iter().enumerate().map(|(at, step)| (step.id.as_str(), at)).collect();
    let of = |step: &StepView| {
        let mut found: Vec<usize> = step.depends_on.iter().filter_map(|id| by_id.get(id.as_str()).copied()).collect();
        found.sort_unstable();
        found.dedup();
        found
    };
    steps.iter().map(of).collect()
}

/// The file's order, but never a step before its dependencies. What a cycle holds back (the server refuses cycles)
/// comes last.
fn order(parents: &[Vec<usize>]) -> Vec<usize> {
    let mut placed = vec![false; parents.len()];
    let mut order = Vec::with_capacity(parents.len());
    while order.len() < parents.len() {
        let free = |step: &usize| !placed[*step] && parents[*step].iter().all(|parent| placed[*parent]);
        let next = (0..parents.len()).find(free).or_else(|| (0..parents.len()).find(|step| !placed[*step]));
        let Some(next) = next else { break };
        placed[next] = true;
        order.push(next);
    }
    order
}

struct Lanes {
    owners: Vec<Option<usize>>,
    children_left: Vec<usize>,
    previous: Option<usize>,
}

impl Lanes {
    fn new(parents: &[Vec<usize>]) -> Self {
        let mut children_left = vec![0; parents.len()];
        parents.iter().flatten().for_each(|parent| children_left[*parent] += 1);
        Self { owners: Vec::new(), children_left, previous: None }
    }

    fn draw(mut self, order: &[usize], parents: &[Vec<usize>]) -> Option<Vec<Row>> {
        order.iter().map(|step| self.row(*step, &parents[*step])).collect()
    }

    fn row(&mut self, step: usize, parents: &[usize]) -> Option<Row> {
        let from: Vec<usize> =
            (0..self.owners.len()).filter(|lane| self.owners[*lane].is_some_and(|owner| parents.contains(&owner))).collect();
        let before: Vec<bool> = self.owners.iter().map(Option::is_some).collect();
        for parent in parents {
            self.children_left[*parent] = self.children_left[*parent].saturating_sub(1);
        }
        for lane in &from {
            if self.owners[*lane].is_some_and(|owner| self.children_left[owner] == 0) {
                self.owners[*lane] = None;
            }
        }
        let lane = self.lane_for(&from)?;
        let mut cells: Vec<u8> = (0..self.owners.len()).map(|at| self.vertical(at, &before)).collect();
        from.iter().filter(|other| **other != lane).for_each(|other| connect(&mut cells, *other, lane));
        cells[lane] = 0;
        self.owners[lane] = (self.children_left[step] > 0).then_some(step);
        self.previous = Some(lane);
        Some(Row { step, lane, cells })
    }

    /// Where the step goes: the first lane that ends in it, else a free one to the right of those it branches from.
    /// A step without dependencies does not go right below another's mark, which would look like an edge.
    fn lane_for(&mut self, from: &[usize]) -> Option<usize> {
        let ended = from.iter().copied().find(|lane| self.owners[*lane].is_none());
        let least = from.last().map_or(0, |lane| lane + 1);
        let free = |lane: &usize| {
            let taken = self.owners.get(*lane).copied().flatten().is_some();
            !taken && (!from.is_empty() || self.previous != Some(*lane))
        };
        let lane = ended.or_else(|| (least..MOST_LANES).find(free))?;
        if lane >= self.owners.len() {
            self.owners.resize(lane + 1, None);
        }
        Some(lane)
    }

    fn vertical(&self, lane: usize, before: &[bool]) -> u8 {
        let up = if before.get(lane).copied().unwrap_or(false) { UP } else { 0 };
        let down = if self.owners[lane].is_some() { DOWN } else { 0 };
        up | down
    }
}

fn connect(cells: &mut [u8], from: usize, to: usize) {
    let (low, high) = (from.min(to), from.max(to));
    cells[low] |= RIGHT;
    cells[high] |= LEFT;
    cells[low + 1..high].iter_mut().for_each(|cell| *cell |= LEFT | RIGHT);
}

/// The character of a cell.
pub fn glyph(cell: u8, ascii: bool) -> char {
    let unicode = match cell {
        0 => ' ',
        3 => '│',
        c if c & (UP | DOWN) == 0 => '─',
        9 => '╰',
        5 => '╯',
        10 => '╭',
        6 => '╮',
        11 => '├',
        7 => '┤',
        13 => '┴',
        14 => '┬',
        15 => '┼',
        _ => '│',
    };
    let plain = match unicode {
        ' ' => ' ',
        '│' => '|',
        '─' => '-',
        '╰' => '`',
        '╯' => '\'',
        _ => '+',
    };
    if ascii { plain } else { unicode }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::state::testing;

    /// Each row as text: lines, `o` for the step's mark, the step's id.
    fn drawn(steps: &[(&str, &[&str])]) -> String {
        let steps: Vec<StepView> = steps.iter().map(|(id, deps)| testing::step(id, deps)).collect();
        let line = |row: &Row| {
            let cells = row.cells.iter().enumerate().map(|(at, cell)| if at == row.lane { 'o' } else { glyph(*cell, false) });
            format!("{} {}\n", cells.collect::<String>(), steps[row.step].id)
        };
        rows(&steps).iter().map(line).collect()
    }

    #[test]
    fn a_chain_is_one_lane() {
        assert_eq!(drawn(&[("a", &[]), ("b", &["a"]), ("c", &["b"])]), "o a\no b\no c\n");
    }

    #[test]
    fn branches_leave_and_join() {
        let steps: [(&str, &[&str]); 5] = [("a", &[]), ("b", &["a"]), ("c", &["a"]), ("d", &["a"]), ("e", &["b", "c", "d"])];
        assert_eq!(drawn(&steps), "o a\n├o b\n├┼o c\no││ d\no┴╯ e\n");
    }

    #[test]
    fn independent_steps_are_not_below_each_other() {
        assert_eq!(drawn(&[("a", &[]), ("b", &[]), ("c", &[])]), "o a\n o b\no  c\n");
    }

    #[test]
    fn the_order_of_the_file_may_be_any() {
        let steps: [(&str, &[&str]); 3] = [("c", &["b"]), ("b", &["a"]), ("a", &["nowhere"])];
        assert_eq!(drawn(&steps), "o a\no b\no c\n");
    }

    #[test]
    fn too_many_lanes_and_cycles_still_give_every_step_a_row() {
        let ids: Vec<String> = (0..40).map(|n| format!("s{n}")).collect();
        let mut steps: Vec<StepView> = ids.iter().map(|id| testing::step(id, &["root"])).collect();
        steps.push(testing::step("root", &[]));
        let all: Vec<&str> = ids.iter().map(String::as_str).collect();
        steps.push(testing::step("join", &all));
        assert_eq!(rows(&steps).len(), 42);
        assert_eq!(rows(&[testing::step("a", &["b"]), testing::step("b", &["a"])]).len(), 2);
    }
}
