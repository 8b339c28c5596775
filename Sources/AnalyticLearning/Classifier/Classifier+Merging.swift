public import LinearAlgebra

/// Why a state cannot be merged; nothing has changed when it is thrown.
public enum MergeError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The two models differ in something that both must have alike.
    case differs(part: String, mine: String, theirs: String)
    /// The state contradicts itself.
    case state(RestoreError)
    /// So many rows that they cannot be counted.
    case tooManyRows
    /// There was no memory.
    case solver(LinearAlgebraError)

    /// What is wrong.
    public var description: String {
        switch self {
        case .differs(let part, let mine, let theirs): "\(part) differs: \(mine) here, \(theirs) in the snapshot"
        case .state(let error): "the snapshot contradicts itself: \(error)"
        case .tooManyRows: "the rows of both together cannot be counted"
        case .solver(let error): "\(error)"
        }
    }
}

/// What merging did.
public struct MergeOutcome: Sendable, Equatable {
    /// The rows that came in, those of no class included.
    public var rows: Int
    /// The labels that were not known before, in column order.
    public var newClasses: [String]
}

extension Classifier {
    /// Adds another model's truth, as if this one had learned its rows too, and solves anew.
    ///
    /// Both must have the same dimension, feature map (bit for bit) and sketch rank. Classes are matched by label. Ridge, imbalance and
    /// evaluation stay this model's; balanced weights stay as they were made until they are refreshed. A merged sketch is the sketch of
    /// this model's rows followed by the other's sketch, whose loss is added. The calibration counts for as much less as this model's rows are
    /// fewer than all; the other's is of other weights, and is not used.
    ///
    /// - Throws: `MergeError`; nothing has changed then.
    /// - Complexity: D³ + 4D²C multiply-adds, and memory for one more D×D square.
    @discardableResult
    public func merge(_ state: SavedState) throws(MergeError) -> MergeOutcome {
        try checkLikeness(state)
        do throws(RestoreError) {
            try state.check(dimension: featureMap.dimension, width: featureMap.width)
        } catch {
            throw .state(error)
        }
        try checkProjection(state)
        // Every class's count is at most the number of samples.
        guard canCount(rows: state.samples) else { throw .tooManyRows }
        let samples = truth.samples + state.samples
        let known = truth.counts.count
        let residual: Double
        do throws(LinearAlgebraError) {
            view.flush(square: &square)
            var sum = try NormalEquations(dimension: featureMap.width, packedLower: state.gram)
            var crossMoment = try Matrix(rows: featureMap.width, columns: state.labels.count)
            crossMoment.setRowMajor(state.crossMoment)
            residual = try Self.residual(of: state, gram: sum, crossMoment)
            if residual <= Self.largestResidual {
                registry.truncate(to: known)
                let columns = state.labels.map { registry.intern($0).column }
                sum.add(gramOf: square)
                try reserve(classes: registry.count, rows: 0, columns: columns)
                square.setGram(sum)
                add(state, crossMoment, to: columns)
            }
        } catch {
            registry.truncate(to: known)
            throw .solver(error)
        }
        // Restoring demands the same: weights that solve their own equations.
        guard residual <= Self.largestResidual else { throw .state(.residual(residual)) }
        fadeCalibration(rows: truth.samples, of: samples)
        truth.samples = samples
        solve()
        beginEpoch(dropping: false)
        return MergeOutcome(rows: state.samples, newClasses: Array(registry.labels[known...]))
    }

    private func checkLikeness(_ state: SavedState) throws(MergeError) {
        func compare<T: Equatable>(_ part: String, _ mine: T, _ theirs: T) throws(MergeError) {
            if mine != theirs { throw .differs(part: part, mine: "\(mine)", theirs: "\(theirs)") }
        }
        try compare("dimension", configuration.dimension, state.configuration.dimension)
        try compare("feature_map.kind", Self.kind(of: configuration), Self.kind(of: state.configuration))
        try compare("feature_map.width", configuration.width, state.configuration.width)
        try compare("sketch_rank", Self.text(configuration.sketchRank), Self.text(state.configuration.sketchRank))
    }

    private static func kind(of configuration: ModelConfiguration) -> String {
        switch configuration.featureMap {
        case .identity: "identity"
        case .randomRelu: "random_relu"
        }
    }

    private static func text(_ rank: SketchRank) -> String {
        switch rank {
        case .rows(let rows): "\(rows)"
        case .exact: "exact"
        }
    }

    private func checkProjection(_ state: SavedState) throws(MergeError) {
        guard let mine = featureMap.projection, let theirs = state.projection else { return }
        for input in 0..<mine.inputs {
            let row = mine.row(input)
            for (output, value) in row.enumerated() where value.bitPattern != theirs[input * mine.outputs + output].bitPattern {
                throw .differs(
                    part: "feature_map.projection[\(input), \(output)]", mine: "\(value)",
                    theirs: "\(theirs[input * mine.outputs + output])")
            }
        }
    }

    private static func residual(
        of state: SavedState, gram: borrowing NormalEquations, _ crossMoment: borrowing Matrix
    ) throws(LinearAlgebraError) -> Double {
        var weights = try Matrix(rows: gram.dimension, columns: state.labels.count)
        weights.setRowMajor(state.weights)
        var product = try Matrix(rows: gram.dimension, columns: state.labels.count)
        try gram.multiply(weights, into: &product)
        return relativeResidual(&product, weights, ridge: state.configuration.ridge, crossMoment: crossMoment)
    }

    /// Adds everything but G; there is memory for it.
    private func add(_ state: SavedState, _ crossMoment: borrowing Matrix, to columns: [Int]) {
        let dimension = featureMap.dimension
        for (source, column) in columns.enumerated() {
            crossMoment.withColumn(source) { truth.addToCrossMoment($0, column: column) }
            let range = (source * dimension)..<((source + 1) * dimension)
            truth.moments.merge(
                count: state.counts[source], mean: UnsafeBufferPointer(rebasing: state.mean[range]),
                m2: UnsafeBufferPointer(rebasing: state.m2[range]), column: column, count: truth.counts[column])
            truth.counts[column] += state.counts[source]
        }
        switch state.sketches {
        case .none: return
        case .directions(let rows, let shrunk, let elements):
            var start = 0
            for (source, count) in rows.enumerated() {
                let end = start + count * featureMap.width
                truth.sketches.merge(
                    columns[source], rows: UnsafeBufferPointer(rebasing: elements[start..<end]), shrunk: shrunk[source])
                start = end
            }
        case .exact(let elements):
            let triangle = square.packedCount
            for (source, column) in columns.enumerated() {
                truth.sketches.add(
                    packedGram: UnsafeBufferPointer(rebasing: elements[(source * triangle)..<((source + 1) * triangle)]), to: column)
            }
        }
    }
}
