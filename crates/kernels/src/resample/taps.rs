//! Which positions of an axis each one of the resampled axis depends on, and how much.

/// What the positions of a resampled axis hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resampling {
    /// The value at the nearest position.
    Nearest,
    /// Values interpolated between positions by a triangle.
    Linear,
    /// The same by Keys's cubic.
    Cubic,
    /// The mean of the positions that one of the output covers.
    Mean,
}

impl Resampling {
    /// The method that programs call so.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "nearest" => Some(Resampling::Nearest),
            "linear" => Some(Resampling::Linear),
            "cubic" => Some(Resampling::Cubic),
            "mean" => Some(Resampling::Mean),
            _ => None,
        }
    }

    /// How far a position reaches.
    fn support(self) -> f64 {
        if self == Resampling::Cubic { 2.0 } else { 1.0 }
    }
}

/// A linear map of an axis of `from` positions to one of `to`, both of which span the same distance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AxisMap {
    pub method: Resampling,
    pub from: usize,
    pub to: usize,
    /// Whether linear and cubic interpolation are as wide as the positions of the output where those are fewer.
    pub antialias: bool,
}

impl AxisMap {
    /// Positions of the input for each of the output.
    fn ratio(&self) -> f64 {
        self.from as f64 / self.to as f64
    }

    /// How much wider the curves are than the positions of the input.
    fn stretch(&self) -> f64 {
        if self.antialias { self.ratio().max(1.0) } else { 1.0 }
    }

    /// A bound of the inputs that an output depends on.
    pub fn most_inputs(&self) -> usize {
        let reach = match self.method {
            Resampling::Nearest => 1.0,
            Resampling::Mean => self.ratio() + 1.0,
            Resampling::Linear | Resampling::Cubic => 2.0 * self.method.support() * self.stretch(),
        };
        (reach.ceil() as usize + 1).min(self.from)
    }

    /// A bound of the outputs that an input goes to.
    pub fn most_outputs(&self) -> usize {
        let reach = match self.method {
            Resampling::Nearest => 1.0 / self.ratio(),
            Resampling::Mean => 1.0 / self.ratio() + 1.0,
            Resampling::Linear | Resampling::Cubic => {
                2.0 * self.method.support() * self.stretch() / self.ratio()
            }
        };
        (reach.ceil() as usize + 1).min(self.to)
    }

    /// Calls `visit` with each output in order, each input that it depends on in order, and the weight. The same steps in f64 as in the
    /// reference kernel, so that both find the same taps.
    pub fn visit(&self, mut visit: impl FnMut(usize, usize, f32)) {
        let (from, to) = (self.from as f64, self.to as f64);
        for output in 0..self.to {
            let place = output as f64;
            match self.method {
                Resampling::Nearest => {
                    let nearest = ((2.0 * place + 1.0) * from / (2.0 * to)).floor();
                    visit(output, (nearest as usize).min(self.from - 1), 1.0);
                }
                Resampling::Mean => {
                    let start = (place * from / to).floor() as usize;
                    let end = (((place + 1.0) * from / to).ceil() as usize).min(self.from);
                    let weight = 1.0 / (end - start) as f64;
                    (start..end).for_each(|input| visit(output, input, weight as f32));
                }
                Resampling::Linear => self.interpolate(place, triangle, |input, w| visit(output, input, w)),
                Resampling::Cubic => self.interpolate(place, keys_cubic, |input, w| visit(output, input, w)),
            }
        }
    }

    fn interpolate(&self, output: f64, curve: impl Fn(f64) -> f64, mut visit: impl FnMut(usize, f32)) {
        let stretch = self.stretch();
        let radius = self.method.support() * stretch;
        // The middles of both axes' positions are at halves of their widths.
        let middle = (output + 0.5) * self.ratio() - 0.5;
        let start = ((middle - radius).floor() + 1.0).max(0.0) as usize;
        let end = ((middle + radius).ceil() as usize).min(self.from);
        let weight = |input: usize| curve((input as f64 - middle).abs() / stretch);
        // At the edges some of the curve lies outside: what is inside makes up for it.
        let total = (start..end).map(weight).fold(0.0, |sum, weight| sum + weight);
        (start..end).for_each(|input| visit(input, (weight(input) / total) as f32));
    }
}

fn triangle(distance: f64) -> f64 {
    (1.0 - distance).max(0.0)
}

/// Keys, "Cubic convolution interpolation for digital image processing" (1981), with a = -1/2, the one that is exact for parabolas.
fn keys_cubic(distance: f64) -> f64 {
    if distance >= 2.0 {
        0.0
    } else if distance >= 1.0 {
        ((-0.5 * distance + 2.5) * distance - 4.0) * distance + 2.0
    } else {
        (1.5 * distance - 2.5) * distance * distance + 1.0
    }
}
