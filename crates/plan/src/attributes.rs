//! The attributes of instructions: their schema and their checked values.

use layerwise_kernels::Dtype;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::tensor::{MAX_RANK, dtype_from_name};

/// What values an attribute takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum AttributeKind {
    Boolean,
    /// An integer that fits an unsigned 32-bit word.
    Integer,
    /// At most as many such integers as a tensor has dimensions: axes, or a shape.
    Integers,
    /// One of the names that the op knows.
    Name,
    Dtype,
}

/// Names of what ops know are shorter.
const MAX_NAME: usize = 64;

/// The name and kind of one attribute.
pub type AttributeSchema = (&'static str, AttributeKind);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Attribute {
    Boolean(bool),
    Integer(u32),
    Integers(Vec<usize>),
    Name(String),
    Dtype(Dtype),
}

/// The attributes of one instruction, complete and of the kinds that its op's schema demands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Attributes(Vec<(&'static str, Attribute)>);

impl Attributes {
    /// Reads exactly the attributes of `schema`.
    pub fn decode(schema: &'static [AttributeSchema], fields: &Map<String, Value>) -> Result<Self, String> {
        if let Some(unknown) = fields.keys().find(|key| !schema.iter().any(|(name, _)| name == key)) {
            return Err(format!("attribute {unknown:?} is not known"));
        }
        schema
            .iter()
            .map(|&(name, kind)| {
                let value = fields.get(name).ok_or_else(|| format!("attribute {name:?} is missing"))?;
                let attribute = decode_value(kind, value).ok_or_else(|| {
                    format!("attribute {name:?} must be {}, got {value}", expectation(kind))
                })?;
                Ok((name, attribute))
            })
            .collect::<Result<_, String>>()
            .map(Attributes)
    }

    fn get(&self, name: &str) -> &Attribute {
        let found = self.0.iter().find(|(key, _)| *key == name);
        &found.expect("an op reads the attributes of its schema").1
    }

    pub fn boolean(&self, name: &str) -> bool {
        match self.get(name) {
            Attribute::Boolean(value) => *value,
            other => unreachable!("{name} is {other:?}"),
        }
    }

    pub fn integer(&self, name: &str) -> u32 {
        match self.get(name) {
            Attribute::Integer(value) => *value,
            other => unreachable!("{name} is {other:?}"),
        }
    }

    pub fn integers(&self, name: &str) -> &[usize] {
        match self.get(name) {
            Attribute::Integers(values) => values,
            other => unreachable!("{name} is {other:?}"),
        }
    }

    pub fn name(&self, name: &str) -> &str {
        match self.get(name) {
            Attribute::Name(value) => value,
            other => unreachable!("{name} is {other:?}"),
        }
    }

    pub fn dtype(&self, name: &str) -> Dtype {
        match self.get(name) {
            Attribute::Dtype(dtype) => *dtype,
            other => unreachable!("{name} is {other:?}"),
        }
    }
}

fn decode_value(kind: AttributeKind, value: &Value) -> Option<Attribute> {
    match kind {
        AttributeKind::Boolean => value.as_bool().map(Attribute::Boolean),
        AttributeKind::Integer => integer(value).map(Attribute::Integer),
        AttributeKind::Integers => {
            let values = value.as_array().filter(|values| values.len() <= MAX_RANK)?;
            let integers = values.iter().map(|value| integer(value).map(|integer| integer as usize));
            integers.collect::<Option<_>>().map(Attribute::Integers)
        }
        AttributeKind::Name => {
            value.as_str().filter(|name| name.len() <= MAX_NAME).map(|name| Attribute::Name(name.into()))
        }
        AttributeKind::Dtype => value.as_str().and_then(dtype_from_name).map(Attribute::Dtype),
    }
}

fn integer(value: &Value) -> Option<u32> {
    value.as_u64().and_then(|integer| u32::try_from(integer).ok())
}

fn expectation(kind: AttributeKind) -> String {
    match kind {
        AttributeKind::Boolean => "true or false".into(),
        AttributeKind::Integer => format!("an integer from 0 to {}", u32::MAX),
        AttributeKind::Integers => format!("a list of at most {MAX_RANK} integers from 0 to {}", u32::MAX),
        AttributeKind::Name => format!("a name of at most {MAX_NAME} bytes"),
        AttributeKind::Dtype => "the name of a dtype".into(),
    }
}
