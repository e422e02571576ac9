//! A layer's colour: a hue from its position. Lightness and chroma are the style sheet's (`--h` is all it is given).

/// Degrees between the hues of neighbours: the golden angle, so that no two nearby layers look alike.
const GOLDEN_ANGLE: f64 = 137.507_764;
/// The lowest layer's hue, a blue: base images start calm.
const FIRST: f64 = 250.0;

/// The OKLCH hue of the layer at `position`, 0 at the bottom, in degrees.
pub fn hue(position: usize) -> f64 {
    (FIRST + position as f64 * GOLDEN_ANGLE).rem_euclid(360.0)
}

/// `--h:…`, for a `style` attribute.
pub fn style(position: usize) -> String {
    format!("--h:{:.1}", hue(position))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_differ() {
        let apart = |a: f64, b: f64| (a - b).abs().min(360.0 - (a - b).abs());
        for position in 0..126 {
            for next in 1..=3 {
                assert!(apart(hue(position), hue(position + next)) > 50.0);
            }
        }
    }
}
