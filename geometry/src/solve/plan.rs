//! The graph of tasks of a solve: one per distinct subtree, children before parents.

use std::sync::{Arc, Mutex};

use rustc_hash::{FxHashMap, FxHashSet};
use scadstream_csg::{ContentHash, Kind, Node};

use super::remarks::{Remarks, Repeated};
use crate::cache::SolidCache;
use crate::shape::Shape;

/// What is to be done.
pub(super) struct Plan {
    /// Children come before their parents.
    pub(super) tasks: Vec<Task>,
    /// The task of each wanted node, in the order they were given.
    pub(super) wanted: Vec<usize>,
    /// How many tasks have their shape from the cache.
    pub(super) cached: usize,
    /// What those have to say.
    pub(super) repeated: Repeated,
}

/// One subtree to solve.
pub(super) struct Task {
    /// Its first occurrence in tree order.
    pub(super) node: Arc<Node>,
    /// Tasks of its children in order, those drawn as background left out.
    pub(super) children: Vec<usize>,
    /// Tasks that need this one, once for each time they do.
    pub(super) parents: Vec<usize>,
    /// The shape, if the cache had it, until somebody takes it.
    pub(super) known: Mutex<Option<Shape>>,
    /// Whether there was one.
    pub(super) is_known: bool,
    /// What there is to say of a known subtree.
    pub(super) remarks: Remarks,
    /// Place of the node in tree order, by which messages are sorted.
    pub(super) order: usize,
    /// Whether the drawn tree has this subtree in more than one place.
    pub(super) repeats: bool,
}

/// Subtrees that need no solving, and what was said of them already.
pub(super) type Known = FxHashMap<ContentHash, (Shape, Remarks)>;

/// Plans solving the nodes of `roots`.
pub(super) fn plan<'a>(
    roots: impl Iterator<Item = &'a Arc<Node>>,
    cache: &SolidCache,
    known: &Known,
) -> Plan {
    let find = |node: &Node| {
        let cached = || worth_caching(node).then(|| cache.subtree(node.hash())).flatten();
        known.get(&node.hash()).cloned().or_else(cached)
    };
    let mut plan =
        Plan { tasks: Vec::new(), wanted: Vec::new(), cached: 0, repeated: Repeated::default() };
    known.values().for_each(|(_, remarks)| plan.repeated.was_said(remarks));
    let mut task_of: FxHashMap<ContentHash, usize> = FxHashMap::default();
    let mut visited = 0;
    let roots: Vec<&Arc<Node>> = roots.collect();
    let repeating = repeating(&roots);
    for root in roots {
        plan.visit(root, &find, &mut task_of, &mut visited);
        plan.wanted.push(task_of[&root.hash()]);
    }
    for task in &mut plan.tasks {
        task.repeats = repeating.contains(&task.node.hash());
    }
    for index in 0..plan.tasks.len() {
        for child in plan.tasks[index].children.clone() {
            plan.tasks[child].parents.push(index);
        }
    }
    plan
}

/// Subtrees that are in more than one place. What the cache knows is looked into as well: how a subtree is solved must
/// not depend on that.
pub(super) fn repeating(roots: &[&Arc<Node>]) -> FxHashSet<ContentHash> {
    // Distinct nodes, parents before children.
    let mut order: Vec<&Arc<Node>> = Vec::new();
    let mut seen: FxHashSet<ContentHash> = FxHashSet::default();
    let mut open: Vec<(&Arc<Node>, usize)> = Vec::new();
    for root in roots {
        if seen.insert(root.hash()) {
            open.push((root, 0));
        }
        while let Some((node, next_child)) = open.last_mut() {
            let Some(child) = node.children().get(*next_child) else {
                order.extend(open.pop().map(|(node, _)| node));
                continue;
            };
            *next_child += 1;
            if !child.modifiers().background && seen.insert(child.hash()) {
                open.push((child, 0));
            }
        }
    }
    order.reverse();
    let mut places: FxHashSet<ContentHash> = FxHashSet::default();
    let mut repeating: FxHashSet<ContentHash> = FxHashSet::default();
    for root in roots {
        if !places.insert(root.hash()) {
            repeating.insert(root.hash());
        }
    }
    for node in order {
        let parent_repeats = repeating.contains(&node.hash());
        for child in node.drawn_children() {
            if !places.insert(child.hash()) || parent_repeats {
                repeating.insert(child.hash());
            }
        }
    }
    repeating
}

/// A node whose children are being visited.
struct Open<'a> {
    node: &'a Arc<Node>,
    next_child: usize,
    order: usize,
}

impl Plan {
    /// Adds tasks for `root` and all below it, children first, with a stack of its own: models nest deeper than a
    /// thread's stack allows.
    fn visit(
        &mut self,
        root: &Arc<Node>,
        find: &impl Fn(&Node) -> Option<(Shape, Remarks)>,
        task_of: &mut FxHashMap<ContentHash, usize>,
        visited: &mut usize,
    ) {
        let mut stack: Vec<Open<'_>> = Vec::new();
        let mut enter = Some(root);
        loop {
            if let Some(node) = enter.take()
                && !task_of.contains_key(&node.hash())
            {
                let order = *visited;
                *visited += 1;
                if let Some(known) = find(node) {
                    self.cached += 1;
                    self.repeated
                        .say_again(node, &known.1, order, |hash| task_of.contains_key(&hash));
                    self.add(node, Vec::new(), Some(known), order, task_of);
                } else {
                    stack.push(Open { node, next_child: 0, order });
                }
            }
            let Some(open) = stack.last_mut() else { return };
            let children = open.node.children();
            if let Some(child) = children.get(open.next_child) {
                open.next_child += 1;
                if !child.modifiers().background {
                    enter = Some(child);
                }
                continue;
            }
            let (node, order) = (open.node, open.order);
            stack.pop();
            let tasks = node.drawn_children().map(|child| task_of[&child.hash()]).collect();
            self.add(node, tasks, None, order, task_of);
        }
    }

    fn add(
        &mut self,
        node: &Arc<Node>,
        children: Vec<usize>,
        known: Option<(Shape, Remarks)>,
        order: usize,
        task_of: &mut FxHashMap<ContentHash, usize>,
    ) {
        task_of.insert(node.hash(), self.tasks.len());
        let node = Arc::clone(node);
        let parents = Vec::new();
        let is_known = known.is_some();
        let (shape, remarks) = known.unzip();
        self.tasks.push(Task {
            node,
            children,
            parents,
            known: Mutex::new(shape),
            is_known,
            remarks: remarks.unwrap_or_default(),
            order,
            repeats: false,
        });
    }
}

/// Whether looking a node up can save anything: moving and painting solids costs nothing anyway, and a group of one
/// child is that child.
pub(super) fn worth_caching(node: &Node) -> bool {
    match node.kind() {
        Kind::Transform(_) | Kind::Color(_) => false,
        Kind::Group | Kind::Union => node.children().len() > 1,
        _ => true,
    }
}
