internal import Glibc

/// Ridges by half decades: 10^(k/2).
enum HalfDecade {
    static func ridge(_ step: Int) -> Double { pow(10, Double(step) / 2) }

    /// The half decade next to a ridge.
    static func nearest(_ ridge: Double) -> Int { Int((2 * log10(ridge)).rounded()) }
}
