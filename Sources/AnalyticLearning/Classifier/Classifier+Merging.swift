public import LinearAlgebra

/// Why a state cannot be merged; nothing has changed when it is thrown.
public enum MergeError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The two models differ in something that both must have alike.
    case differs(part: String, mine: String, theirs: String)
    /// The state contradicts itself.
    case state(RestoreError)
    /// So many rows that they cannot be counted.
    case tooManyRows
    /// Sums that no rows could make: together they would be larger than what can be saved.
    case tooLarge
    /// There was no memory.
    case solver(LinearAlgebraError)

    /// What is wrong.
    public var description: String {
        switch self {
        case .differs(let part, let mine, let theirs): "\(part) differs: \(mine) here, \(theirs) in the snapshot"
        case .state(let error): "the snapshot is inconsistent: \(error)"
        case .tooManyRows: "both together have more rows than can be counted"
        case .tooLarge: "the sums of both together are larger than any rows could make them"
        case .solver(let error): "\(error)"
        }
    }
}

/// What merging did.
public struct MergeOutcome: Sendable, Equatable {
    /// The rows that came in, those of no class included.
    public var rows: Int
    /// The labels that were not known before, in column order.
    public var newClasses: [Label]
}

extension Classifier {
    /// Adds another model's truth, as if this one had learned its rows too, and solves again.
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
        let (samples, known) = (truth.samples + state.samples, truth.counts.count)
        // What has been interned for a request that was refused is none of this.
        registry.truncate(to: known)
        view.flush(square: &square)
        try Self.checkSolution(of: state)
        let columns = try prepareMerge(state)
        fadeCalibration(rows: truth.samples, of: samples)
        add(state, to: columns)
        truth.samples = samples
        mustSolve = false
        beginEpoch(dropping: false)
        return MergeOutcome(rows: state.samples, newClasses: Array(registry.labels[known...]))
    }

    /// Makes room for the classes of both, and the square, Q and the view of both together in memory of their own. The last thing that may
    /// fail is the solution; then they take the place of the old ones.
    ///
    /// - Returns: the column of each of the state's classes.
    private func prepareMerge(_ state: SavedState) throws(MergeError) -> [Int] {
        try prepare { () throws(MergeError) in
            var isWithinBounds = true
            var columns: [Int] = []
            do throws(LinearAlgebraError) {
                var sum = try SymmetricPair(dimension: featureMap.width)
                sum.setGram(packedLower: state.gram)
                var theirs = try Matrix(rows: featureMap.width, columns: state.labels.count)
                theirs.setRowMajor(state.crossMoment)
                columns = state.labels.map { registry.intern($0).column }
                let error = SumError(past: state.pastError, trace: sum.gramTrace, inverseNorm: 0)
                let pastError = min(gramError + error.bound, SumError.largestBound)
                sum.addToGram(gramOf: square)
                isWithinBounds = sum.isGramWithin(SumLimits.gram) && isWithinBoundsTogether(with: state, theirs, columns)
                if isWithinBounds {
                    try reserve(classes: registry.count, rows: 0, columns: columns)
                    let crossMoment = try truth.crossMoment(adding: theirs, to: columns)
                    try view.solve(square: &sum, crossMoment: crossMoment.sums, rest: crossMoment.rest)
                    square = sum
                    truth.setCrossMoment(crossMoment)
                    truth.pastError = pastError
                }
            } catch {
                throw .solver(error)
            }
            guard isWithinBounds else { throw .tooLarge }
            return columns
        }
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

    /// Checks that the state's weights solve their own equations, as restoring demands it.
    ///
    /// - Complexity: D²C multiply-adds and memory for a D×D square, both given back; those of restoring for weights that do not.
    private static func checkSolution(of state: SavedState) throws(MergeError) {
        do {
            // Equations may be too ill-conditioned for a better solution: restoring knows.
            if try residual(of: state) > Conditioning.largestResidual { _ = try Classifier(restoring: state) }
        } catch let error as RestoreError {
            throw .state(error)
        } catch let error as LinearAlgebraError {
            throw .solver(error)
        } catch {
            preconditionFailure("a configuration that has been restored is refused: \(error)")
        }
    }

    private static func residual(of state: SavedState) throws(LinearAlgebraError) -> Double {
        var gram = try SymmetricPair(dimension: state.configuration.width)
        gram.setGram(packedLower: state.gram)
        var crossMoment = try Matrix(rows: gram.dimension, columns: state.labels.count)
        crossMoment.setRowMajor(state.crossMoment)
        var weights = try Matrix(rows: gram.dimension, columns: state.labels.count)
        weights.setRowMajor(state.weights)
        var product = try Matrix(rows: gram.dimension, columns: state.labels.count)
        try gram.multiplyGram(weights, into: &product)
        return relativeResidual(&product, weights, ridge: state.configuration.ridge, crossMoment: crossMoment)
    }

    /// Whether all sums but G stay where they can be saved and read again.
    private func isWithinBoundsTogether(with state: SavedState, _ crossMoment: borrowing Matrix, _ columns: [Int]) -> Bool {
        let dimension = featureMap.dimension
        var firstRow = 0
        for (source, column) in columns.enumerated() where column < truth.counts.count {
            let sums = crossMoment.withColumn(source) { theirs in
                truth.crossMoment.withColumn(column) { Self.isWithin(SumLimits.crossMoment, $0, theirs) }
            }
            let range = (source * dimension)..<((source + 1) * dimension)
            let (mine, other) = (Double(truth.counts[column]), Double(state.counts[source]))
            let weight = other > 0 ? mine * other / (mine + other) : 0
            let moments = truth.moments.mean.withColumn(column) { mean in
                truth.moments.m2.withColumn(column) { m2 in
                    range.indices.allSatisfy { index in
                        let place = index - range.lowerBound
                        let difference = state.mean[index] - mean[place]
                        return m2[place] + state.m2[index] + difference * difference * weight <= SumLimits.secondMoment
                    }
                }
            }
            guard sums, moments else { return false }
        }
        for (source, column) in columns.enumerated() {
            let isNew = column >= truth.counts.count
            switch state.sketches {
            case .none: return true
            case .directions(let rows, let shrunk, let elements):
                let end = firstRow + rows[source] * featureMap.width
                defer { firstRow = end }
                guard !isNew else { continue }
                let sketch = truth.sketches.directions[column]
                let squares = elements[firstRow..<end].reduce(sketch.sumOfSquares) { $0 + $1 * $1 }
                guard squares <= SumLimits.gram, sketch.shrunk + shrunk[source] <= SumLimits.gram else { return false }
            case .exact(let elements):
                guard !isNew else { continue }
                var place = source * square.packedCount
                var isWithin = true
                truth.sketches.forEachPackedGram(of: column) { mine in
                    let theirs = UnsafeBufferPointer(rebasing: elements[place..<(place + mine.count)])
                    isWithin = isWithin && Self.isWithin(SumLimits.gram, mine, theirs)
                    place += mine.count
                }
                guard isWithin else { return false }
            }
        }
        return true
    }

    private static func isWithin(_ bound: Double, _ mine: UnsafeBufferPointer<Double>, _ theirs: UnsafeBufferPointer<Double>) -> Bool {
        zip(mine, theirs).allSatisfy { abs($0 + $1) <= bound }
    }

    /// Adds everything but G and Q; there is memory for it.
    private func add(_ state: SavedState, to columns: [Int]) {
        let dimension = featureMap.dimension
        for (source, column) in columns.enumerated() {
            let range = (source * dimension)..<((source + 1) * dimension)
            truth.moments.merge(
                count: state.counts[source], mean: UnsafeBufferPointer(rebasing: state.mean[range]),
                m2: UnsafeBufferPointer(rebasing: state.m2[range]), column: column, count: truth.counts[column])
            if let errors = state.momentErrors { truth.moments.addErrors(errors[range], to: column) }
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
