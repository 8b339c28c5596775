public import LinearAlgebra

extension Classifier {
    /// Calls `body` with Q [D×C].
    public func withCrossMoment<R, E: Error>(_ body: (borrowing Matrix) throws(E) -> R) throws(E) -> R {
        try body(truth.crossMoment)
    }

    /// Calls `body` with W [D×C], in Float64.
    public func withWeights<R, E: Error>(_ body: (borrowing Matrix) throws(E) -> R) throws(E) -> R {
        try body(view.weights)
    }

    /// Calls `body` with the class moments.
    public func withMoments<R, E: Error>(_ body: (borrowing ClassMoments) throws(E) -> R) throws(E) -> R {
        try body(truth.moments)
    }

    /// Calls `body` with the square of G and R, brought up to date.
    public func withSquare<R, E: Error>(_ body: (borrowing SymmetricPair) throws(E) -> R) throws(E) -> R {
        view.flush(square: &square)
        return try body(square)
    }

    /// Makes the state the successor of another one as well as of its own past: versions never decrease, whatever is restored.
    public func advanceVersion(past current: Int) {
        version = max(version, current) + 1
    }

    /// Adds a value to an element of R, to prove in tests that damage is found and healed.
    package func disturbInverse(_ row: Int, _ column: Int, by value: Double) {
        view.flush(square: &square)
        square.disturbInverse(row, column, by: value)
    }
}
