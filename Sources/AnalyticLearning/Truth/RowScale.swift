internal import LinearAlgebra

/// The size of mapped rows, which decides whether Float32 is enough for them and for the weights that come from them.
struct RowScale: Sendable {
    /// The root of their mean square norm.
    let norm: Double
    /// The root mean square of each component.
    let components: [Double]

    /// The scale of rows whose Gram matrix has this diagonal.
    init(squares: [Double], rows: Int) {
        norm = Self.norm(trace: squares.reduce(0, +), rows: rows)
        components = squares.map { Self.norm(trace: $0, rows: rows) }
    }

    /// The root mean square norm of rows whose Gram matrix has this trace.
    static func norm(trace: Double, rows: Int) -> Double { (max(0, trace) / Double(max(1, rows))).squareRoot() }
}
