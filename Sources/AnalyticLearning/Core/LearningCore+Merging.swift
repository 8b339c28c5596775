internal import LinearAlgebra

extension LearningCore {
    /// Adds another model's truth, as if this model had learned its rows too, and solves again.
    ///
    /// A merged sketch is the sketch of this model's rows followed by the other's sketch, plus the other's loss.
    ///
    /// - Parameters:
    ///   - state: has been checked for validity and compatibility.
    ///   - columns: this model's column for each of its classes.
    /// - Throws: `MergeError`; nothing has changed then.
    /// - Complexity: D³ + 4D²C multiply-adds, and memory for one more D×D square.
    mutating func merge(_ state: SavedState, to columns: [Int], _ room: ClassRoom) throws(MergeError) {
        flush()
        var sums = try prepare { (core) throws(MergeError) in try core.prepareMerge(state, to: columns, room) }
        step { core in
            swap(&core.square, &sums.square)
            core.truth.exchangeCrossMoment(&sums.crossMoment)
            core.truth.exchangeRowSum(&sums.rowSum)
            core.truth.pastError = sums.pastError
            core.add(state, to: columns)
            core.truth.samples += state.samples
            return .together
        }
    }

    /// The sums of both models together, beside this model's own. R in the square and the view are solved from them.
    private struct MergedSums: ~Copyable {
        var square: SymmetricPair
        var crossMoment: Truth.CrossMoment
        var rowSum: Matrix
        let pastError: Double
    }

    /// Makes room for both models' classes, and computes the merged square, Q and view. The solution is the last step that may
    /// fail.
    private mutating func prepareMerge(_ state: SavedState, to columns: [Int], _ room: ClassRoom) throws(MergeError) -> MergedSums {
        do throws(LinearAlgebraError) {
            var sum = try SymmetricPair(dimension: featureMap.width)
            sum.setGram(packedLower: state.gram)
            var theirs = try Matrix(rows: featureMap.width, columns: columns.count)
            theirs.setRowMajor(state.crossMoment)
            let error = SumError(past: state.pastError, trace: sum.gramTrace, inverseNorm: 0)
            let pastError = min(gramError + error.bound, SumError.largestBound)
            sum.addToGram(gramOf: square)
            if sum.isGramWithin(SumLimits.gram), isWithinBoundsTogether(with: state, theirs, columns) {
                try reserve(room, rows: 0, columns: columns)
                let crossMoment = try truth.crossMoment(adding: theirs, to: columns)
                let rowSum = try truth.rowSum(adding: state.sumOfRows ?? [])
                try view.solve(square: &sum, crossMoment: crossMoment.sums, rest: crossMoment.rest, rowSum: rowSum)
                return MergedSums(square: sum, crossMoment: crossMoment, rowSum: rowSum, pastError: pastError)
            }
        } catch {
            throw .solver(error)
        }
        throw .tooLarge
    }

    /// Whether all sums except G stay small enough to be saved and read again.
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

    /// Adds everything but G and Q; the memory has been reserved.
    private mutating func add(_ state: SavedState, to columns: [Int]) {
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
