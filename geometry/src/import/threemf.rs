//! 3MF: the objects that its build list places, with their colours. Units are passed over, as OpenSCAD does.

use std::collections::HashMap;
use std::io::{Cursor, Read};

use roxmltree::{Document, Node};
use zip::ZipArchive;

use super::soup::Soup;
use super::{Problem, number, text_of};
use crate::affine::Affine;
use crate::mesh::{Mesh, Paint};

/// Most bytes that a part of an archive may unpack to. Picked by hand: 40 million triangles take about this.
const MOST_BYTES: u64 = 1 << 31;

/// Beyond so many bytes an archive may unpack to so many times its size. Picked by hand: models unpack to about ten
/// times, and what is made to fill a memory to a thousand.
const FREE_BYTES: u64 = 1 << 26;
const MOST_TIMES: u64 = 100;

/// How deep objects may be built of others.
const MOST_NESTED: usize = 32;

/// Most vertices and components once all objects are placed: a short file can place objects in objects in objects.
const MOST_VERTICES: u64 = 1 << 27;

pub(super) fn read(bytes: &[u8], warnings: &mut Vec<String>) -> Result<Mesh, Problem> {
    let mut archive = open(bytes)?;
    let relations = entry(&mut archive, "_rels/.rels", bytes.len()).unwrap_or_default();
    let part = model_part(&text_of(&relations)).unwrap_or_else(|| "3D/3dmodel.model".to_owned());
    let content = entry(&mut archive, &part, bytes.len())?;
    let text = text_of(&content);
    let document = super::xml::parse_xml(&text)?;
    let mut model = Model::new(&document);
    let mut sizes = HashMap::new();
    let mut vertices = 0_u64;
    for item in named(document.root(), "item") {
        let Some(id) = item.attribute("objectid") else { continue };
        vertices = vertices.saturating_add(model.size(id, &mut sizes, 0)?);
    }
    if vertices > MOST_VERTICES {
        return Err("it has too many vertices or components".to_owned());
    }
    for item in named(document.root(), "item") {
        let transform = transform_of(item)?;
        let Some(id) = item.attribute("objectid") else { continue };
        model.place(id, &transform, 0)?;
    }
    if model.unknown {
        warnings.push("some parts of the 3MF file name objects that there are not".to_owned());
    }
    Ok(model.soup.finish())
}

/// The content of an archive that holds one file.
pub(super) fn only_entry(bytes: &[u8]) -> Result<Vec<u8>, Problem> {
    let mut archive = open(bytes)?;
    let first = archive.by_index(0).map_err(|error| format!("the archive is empty: {error}"))?;
    unpacked(first, bytes.len())
}

fn open(bytes: &[u8]) -> Result<ZipArchive<Cursor<&[u8]>>, Problem> {
    ZipArchive::new(Cursor::new(bytes)).map_err(|error| format!("it is no ZIP archive: {error}"))
}

fn entry(
    archive: &mut ZipArchive<Cursor<&[u8]>>,
    name: &str,
    packed: usize,
) -> Result<Vec<u8>, Problem> {
    let file = archive.by_name(name).map_err(|error| format!("{name}: {error}"))?;
    unpacked(file, packed)
}

/// The content of a file of an archive of so many bytes.
fn unpacked(file: impl Read, packed: usize) -> Result<Vec<u8>, Problem> {
    let limit = MOST_BYTES.min(FREE_BYTES + MOST_TIMES * packed as u64);
    let mut content = Vec::new();
    match file.take(limit).read_to_end(&mut content) {
        Ok(length) if length as u64 == limit => Err("it unpacks to too much".to_owned()),
        Ok(_) => Ok(content),
        Err(error) => Err(format!("it cannot be unpacked: {error}")),
    }
}

/// The part that the archive's list of relations calls the model.
fn model_part(relations: &str) -> Option<String> {
    let document = super::xml::parse_xml(relations).ok()?;
    let relation = named(document.root(), "Relationship")
        .find(|node| node.attribute("Type").is_some_and(|kind| kind.ends_with("/3dmodel")))?;
    Some(relation.attribute("Target")?.trim_start_matches('/').to_owned())
}

struct Model<'a> {
    document: &'a Document<'a>,
    objects: HashMap<&'a str, Node<'a, 'a>>,
    /// Colours of each group of properties.
    colours: HashMap<&'a str, Vec<Paint>>,
    soup: Soup,
    unknown: bool,
}

impl<'a> Model<'a> {
    fn new(document: &'a Document<'a>) -> Self {
        let by_id = |node: Node<'a, 'a>| Some((node.attribute("id")?, node));
        let groups = named(document.root(), "basematerials")
            .chain(named(document.root(), "colorgroup"))
            .filter_map(|group| {
                let colours = group.children().filter(Node::is_element).map(colour);
                Some((group.attribute("id")?, colours.collect()))
            });
        Self {
            document,
            objects: named(document.root(), "object").filter_map(by_id).collect(),
            colours: groups.collect(),
            soup: Soup::default(),
            unknown: false,
        }
    }

    /// Vertices and components of an object once all that it is built of is in place.
    fn size(
        &self,
        id: &'a str,
        known: &mut HashMap<&'a str, u64>,
        depth: usize,
    ) -> Result<u64, Problem> {
        if let Some(size) = known.get(id) {
            return Ok(*size);
        }
        let Some(&object) = self.objects.get(id) else { return Ok(0) };
        if depth > MOST_NESTED {
            return Err("objects are built of each other too deeply".to_owned());
        }
        let mut size = 0_u64;
        for part in object.children() {
            match part.tag_name().name() {
                "mesh" => size = size.saturating_add(named(part, "vertex").count() as u64),
                "components" => {
                    for id in named(part, "component").filter_map(|c| c.attribute("objectid")) {
                        let inner = self.size(id, known, depth + 1)?;
                        size = size.saturating_add(inner).saturating_add(1);
                    }
                }
                _ => {}
            }
        }
        known.insert(id, size);
        Ok(size)
    }

    fn place(&mut self, id: &str, transform: &Affine, depth: usize) -> Result<(), Problem> {
        let Some(&object) = self.objects.get(id) else {
            self.unknown = true;
            return Ok(());
        };
        if depth > MOST_NESTED {
            return Err("objects are built of each other too deeply".to_owned());
        }
        for part in object.children() {
            match part.tag_name().name() {
                "mesh" => self.mesh(object, part, transform)?,
                "components" => {
                    for component in named(part, "component") {
                        let Some(id) = component.attribute("objectid") else { continue };
                        let inner = transform_of(component)?;
                        self.place(id, &transform.after(&inner), depth + 1)?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn mesh(
        &mut self,
        object: Node<'a, 'a>,
        mesh: Node<'a, 'a>,
        transform: &Affine,
    ) -> Result<(), Problem> {
        let first = self.soup.vertices() as u32;
        for vertex in named(mesh, "vertex") {
            let axis = |name: &str| vertex.attribute(name).and_then(number);
            let (Some(x), Some(y), Some(z)) = (axis("x"), axis("y"), axis("z")) else {
                return Err(self.at(vertex, "a vertex needs x, y and z"));
            };
            self.soup.vertex(transform.apply([x, y, z]));
        }
        let count = self.soup.vertices() as u32 - first;
        let of_object = self.paint(object.attribute("pid"), object.attribute("pindex"));
        let mirrored = transform.determinant() < 0.0;
        for triangle in named(mesh, "triangle") {
            let corner = |name: &str| {
                let index: u32 = triangle.attribute(name)?.parse().ok()?;
                (index < count).then_some(first + index)
            };
            let (Some(a), Some(b), Some(c)) = (corner("v1"), corner("v2"), corner("v3")) else {
                return Err(self.at(triangle, "a triangle names vertices that there are not"));
            };
            let group = triangle.attribute("pid").or(object.attribute("pid"));
            let own = triangle.attribute("p1").and_then(|p1| self.paint(group, Some(p1)));
            let ring = if mirrored { [a, c, b] } else { [a, b, c] };
            self.soup.face(&ring, own.or(of_object).unwrap_or_default());
        }
        Ok(())
    }

    fn paint(&self, group: Option<&str>, index: Option<&str>) -> Option<Paint> {
        self.colours.get(group?)?.get(index?.parse::<usize>().ok()?).copied()
    }

    fn at(&self, node: Node<'_, '_>, problem: &str) -> Problem {
        format!("line {}: {problem}", self.document.text_pos_at(node.range().start).row)
    }
}

/// `#RRGGBB` or `#RRGGBBAA`.
fn colour(node: Node<'_, '_>) -> Paint {
    let text = node.attribute("displaycolor").or(node.attribute("color")).unwrap_or_default();
    let digits = text.trim().trim_start_matches('#');
    let Ok(value) = u32::from_str_radix(digits, 16) else { return Paint::Default };
    let value = match digits.len() {
        6 => value << 8 | 0xff,
        8 => value,
        _ => return Paint::Default,
    };
    Paint::Color(value.to_be_bytes().map(|part| f32::from(part) / 255.0))
}

/// Twelve numbers: the images of the axes, then of the origin.
fn transform_of(node: Node<'_, '_>) -> Result<Affine, Problem> {
    let Some(text) = node.attribute("transform") else { return Ok(Affine::IDENTITY) };
    let numbers: Vec<f64> = text.split_whitespace().filter_map(number).collect();
    let Ok(m) = <[f64; 12]>::try_from(numbers) else {
        return Err(format!("a transform needs twelve numbers: '{text}'"));
    };
    Ok(Affine([0, 1, 2].map(|row| [m[row], m[3 + row], m[6 + row], m[9 + row]])))
}

fn named<'a, 'i: 'a>(node: Node<'a, 'i>, name: &'a str) -> impl Iterator<Item = Node<'a, 'i>> {
    node.descendants().filter(move |n| n.is_element() && n.tag_name().name() == name)
}
